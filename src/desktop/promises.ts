import { type Seat, seatName } from './names.ts';

/** A student who was told to try again is expected back for so long after his last call. */
export const PROMISE_MS = 60_000;

interface Promised {
  readonly seat: Seat;
  readonly until: number;
  /** He is being given one right now. */
  readonly isServed: boolean;
}

/**
 * Students for whom desktops are being made, in the order in which they first asked. A caller stops listening before a
 * cold desktop is there: without this it would be somebody else's when he calls again, and so on for every student of a
 * hall. Pure bookkeeping; a restart forgets it, which costs places in the order and no desktop.
 */
export class Promises {
  /** A map gives its entries in the order in which they were put in: that is the order of asking. */
  readonly #bySeat = new Map<string, Promised>();

  /** He asks, or asks again: then his place in the order stays. */
  ask(seat: Seat, now: number): void {
    this.#forgetOver(now);
    const name = seatName(seat);
    this.#bySeat.set(name, { seat, until: now + PROMISE_MS, isServed: this.#bySeat.get(name)?.isServed ?? false });
  }

  /** A desktop is being given to him: it counts as his, and he as served, until that is done or has failed. */
  serve(seat: Seat, isServed: boolean): void {
    const name = seatName(seat);
    const promised = this.#bySeat.get(name);
    if (promised) this.#bySeat.set(name, { ...promised, isServed });
  }

  /** He has one, or will get none here. */
  end(seat: Seat): void {
    this.#bySeat.delete(seatName(seat));
  }

  /** Students of his exam who are to be given one before him. */
  ahead(seat: Seat, now: number): number {
    const waiting = this.#waiting(seat.examId, now);
    const place = waiting.findIndex((promised) => seatName(promised.seat) === seatName(seat));
    return place < 0 ? waiting.length : place;
  }

  /** Students of this exam who are to be given one. */
  count(examId: number, now: number): number {
    return this.#waiting(examId, now).length;
  }

  /** The same of every exam that has some. */
  counts(now: number): Map<number, number> {
    const examIds = new Set([...this.#bySeat.values()].map(({ seat }) => seat.examId));
    return new Map([...examIds].map((examId) => [examId, this.count(examId, now)]));
  }

  /** Milliseconds until the next of this exam is expected no more. */
  nextEndMs(examId: number, now: number): number {
    return Math.min(...this.#waiting(examId, now).map(({ until }) => until - now));
  }

  #waiting(examId: number, now: number): Promised[] {
    return [...this.#bySeat.values()].filter(
      (promised) => promised.seat.examId === examId && !promised.isServed && isLive(promised, now),
    );
  }

  #forgetOver(now: number): void {
    for (const [name, promised] of this.#bySeat)
      if (!promised.isServed && !isLive(promised, now)) this.#bySeat.delete(name);
  }
}

// One that lasts longer than any was made before the clock was set back.
function isLive({ until }: Promised, now: number): boolean {
  return now < until && until - now <= PROMISE_MS;
}
