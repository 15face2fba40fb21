import { type Overrides, ordered } from './overrides.ts';

/** What never changes about a desktop after its create, so it can live in labels. */
export interface DesktopLabels {
  readonly worker: string;
  readonly examId: number;
  readonly desktopId: string;
  /** Image id (sha256:…) it was made from. */
  readonly imageId: string;
  /** Digest of the settings it was made with. */
  readonly template: string;
  /** What its exam set in place of the worker's own settings. */
  readonly overrides?: Overrides | undefined;
  /** Made to fill a pool, not for a student who was waiting. */
  readonly madeAhead?: true | undefined;
}

const WORKER = 'vdi.worker';
const EXAM = 'vdi.exam';
const DESKTOP = 'vdi.desktop';
const IMAGE = 'vdi.image';
const TEMPLATE = 'vdi.template';
const OVERRIDES = 'vdi.overrides';
const MADE_AHEAD = 'vdi.made-ahead';

/** What of a worker's is no desktop. */
export const workerLabel = (worker: string): Record<string, string> => ({ [WORKER]: worker });

export function encodeLabels(labels: DesktopLabels): Record<string, string> {
  return {
    [WORKER]: labels.worker,
    [EXAM]: String(labels.examId),
    [DESKTOP]: labels.desktopId,
    [IMAGE]: labels.imageId,
    [TEMPLATE]: labels.template,
    ...(hasOverrides(labels.overrides) ? { [OVERRIDES]: JSON.stringify(ordered(labels.overrides)) } : {}),
    ...(labels.madeAhead ? { [MADE_AHEAD]: 'true' } : {}),
  };
}

/** The labels of one of our desktops; undefined when any is missing, so a stranger's container is never taken for ours. */
export function decodeLabels(raw: Readonly<Record<string, string | undefined>>): DesktopLabels | undefined {
  const worker = raw[WORKER];
  const desktopId = raw[DESKTOP];
  const imageId = raw[IMAGE];
  const template = raw[TEMPLATE];
  const examId = Number(raw[EXAM]);
  if (!worker || !desktopId || !imageId || !template || !Number.isSafeInteger(examId) || examId < 1) return undefined;
  const overrides = decodeOverrides(raw[OVERRIDES]);
  return {
    worker,
    examId,
    desktopId,
    imageId,
    template,
    ...(hasOverrides(overrides) ? { overrides } : {}),
    ...(raw[MADE_AHEAD] === 'true' ? { madeAhead: true } : {}),
  };
}

function hasOverrides(overrides: Overrides | undefined): overrides is Overrides {
  return Object.keys(overrides ?? {}).length > 0;
}

function decodeOverrides(text: string | undefined): Overrides {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}

/** The engine-side filter that lists this worker's desktops and nothing else. */
export function workerFilter(worker: string): string[] {
  return [`${WORKER}=${worker}`];
}
