import { type Desktop, isPooled, isUsable } from './desktop.ts';

/** What new desktops are made from. */
export interface Mould {
  /** Undefined while the engine does not know it: then nothing counts as old. */
  readonly imageId: string | undefined;
  /** Digest of the worker's settings. */
  readonly template: string;
}

/** Made from an image or settings that are not the newest. A student can work at it all the same. */
export function isOld({ labels }: Desktop, { imageId, template }: Mould): boolean {
  return labels.template !== template || (imageId !== undefined && labels.imageId !== imageId);
}

/** In a pool, and a student could have it now. */
export function isServing(desktop: Desktop): boolean {
  return isPooled(desktop) && isUsable(desktop);
}

/** One exam's free desktops that no other reason takes away, and how many of them were asked for. */
export interface Stock {
  readonly examId: number;
  readonly pooled: readonly Desktop[];
  readonly wanted: number;
}

export interface Turnover {
  /** Old ones that go now. */
  readonly leave: readonly Desktop[];
  /** The exam for which one is made in an old one's place. */
  readonly replace?: number;
}

/**
 * Old desktops go one by one, each when its replacement can be taken: no pool has fewer than were promised. Only where
 * there is no slot to make one beside them is one given up first. None is begun while any pool's desktop is coming up.
 * @param room slots that are free
 */
export function turnOver(stocks: readonly Stock[], room: number, mould: Mould): Turnover {
  const rows = stocks.map((stock) => standing(stock, mould));
  const leave = rows.flatMap((row) => row.spare);
  if (rows.some((row) => row.isUnderWay)) return { leave };
  const free = room + leave.length;
  const spare = free - rows.reduce((sum, row) => sum + row.short, 0);
  const beside = rows.find((row) => row.old.length > 0 && row.short === 0);
  if (spare > 0) return beside ? { leave, replace: beside.examId } : { leave };
  const swapped = rows.find((row) => row.old.length > 0);
  // On a host that is over its slots, what is given up would not come back.
  if (free !== 0 || !swapped) return { leave };
  return { leave: [...leave, ...swapped.old.slice(0, 1)], replace: swapped.examId };
}

function standing({ examId, pooled, wanted }: Stock, mould: Mould) {
  const all = pooled.filter((desktop) => isOld(desktop, mould)).sort((a, b) => a.createdAt - b.createdAt);
  const fresh = pooled.filter((desktop) => !isOld(desktop, mould));
  // A warm one goes for a warm one: until it is held, a student would wait for his picture. Where guacd is away none is.
  const isHeld = all.some(({ state }) => state === 'warm');
  const comesUp = ({ state }: Desktop): boolean => state === 'starting' || (state === 'ready' && isHeld);
  const usable = fresh.filter((desktop) => isUsable(desktop) && !comesUp(desktop)).length + all.length;
  const spare = all.slice(0, Math.max(0, usable - wanted));
  const old = all.slice(spare.length);
  return {
    examId,
    spare,
    old,
    isUnderWay: fresh.some(comesUp),
    short: Math.max(0, wanted - fresh.length - old.length),
  };
}
