// The fuzz run: odd tokens, queries, requests, frames, instructions and lies of guacd, against a real worker with other
// sessions live. Case K of seed S is the same in every run, also alone: `--fuzz --seed S --case K`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Seeded } from '../seeded.ts';
import { type Knows, tryQuery, tryRequest, tryToken } from './fuzz-door.ts';
import { oddFrames, oddText } from './fuzz-frames.ts';
import { type FuzzHall, openHall } from './fuzz-hall.ts';
import type { FuzzSeat } from './fuzz-seat.ts';

export const CASES = 100_000;
/** How many of them are tried at once where no desktop is sat at. */
const DOOR_WIDTH = 64;
const WARM_UP = 3_000;
const SHOWN_EVERY_MS = 10_000;
/** After which no further case is tried: what is broken is shown by the first. */
const MOST_WRONG = 10;
const HANDSHAKE_EVERY = 500;
const SPREAD = 1_000_003;

type Kind = 'token' | 'query' | 'request' | 'frames' | 'text' | 'guacd' | 'handshake';
type Draw = (random: Seeded, knows: Knows, seat: FuzzSeat) => Promise<string | undefined>;

const DRAWS: Readonly<Record<Kind, Draw>> = {
  token: tryToken,
  query: tryQuery,
  request: tryRequest,
  frames: (random, _knows, seat) => seat.browserSays(random, oddFrames(random)),
  text: (random, _knows, seat) => seat.browserSays(random, oddText(random)),
  guacd: (random, _knows, seat) => seat.guacdSays(random),
  handshake: (random, _knows, seat) => seat.guacdShakes(random),
};
const AT_THE_DOOR: readonly Kind[] = ['token', 'query', 'request'];

/** What case K tries: three of five at the door, the others from both ends of an open tunnel. */
function kindOf(index: number): Kind {
  const turn = index % 100;
  if (turn < 44) return 'token';
  if (turn < 52) return 'query';
  if (turn < 60) return 'request';
  if (turn < 74) return 'frames';
  if (turn < 88) return 'text';
  // The worker holds the desktop anew after each lie in a handshake, which takes seconds.
  return index % HANDSHAKE_EVERY === HANDSHAKE_EVERY - 1 ? 'handshake' : 'guacd';
}

class Fuzz {
  readonly #seed: number;
  readonly #hall: FuzzHall;
  readonly #underWay = new Set<number>();
  readonly wrong: string[] = [];
  readonly done = new Map<Kind, number>();

  constructor(seed: number, hall: FuzzHall) {
    this.#seed = seed;
    this.#hall = hall;
  }

  /** Tries these cases; those at the door beside those at a seat. */
  async run(cases: readonly number[]): Promise<void> {
    const isDoor = (index: number): boolean => AT_THE_DOOR.includes(kindOf(index));
    const door = cases.filter(isDoor).values();
    const inside = cases.filter((index) => !isDoor(index)).values();
    const [seat] = this.#hall.seats;
    if (!seat) throw new Error('no seat');
    await Promise.all([
      ...Array.from({ length: DOOR_WIDTH }, () => this.#each(door, seat)),
      ...this.#hall.seats.map((own) => this.#each(inside, own)),
    ]);
    for (const own of this.#hall.seats) own.close();
  }

  note(what: string | undefined, index?: number): void {
    if (what === undefined || this.wrong.length >= MOST_WRONG) return;
    const which = index === undefined ? `under way: ${[...this.#underWay]}` : `case ${index} (${kindOf(index)})`;
    this.wrong.push(`${which}: ${what}`);
    console.log(
      `WRONG ${this.wrong.at(-1)}; again with: npm run faults -- --fuzz --seed ${this.#seed} --case ${index ?? [...this.#underWay].join()}`,
    );
  }

  async #each(cases: Iterator<number>, seat: FuzzSeat): Promise<void> {
    for (let next = cases.next(); !next.done && this.wrong.length < MOST_WRONG; next = cases.next()) {
      const index = next.value;
      const kind = kindOf(index);
      this.#underWay.add(index);
      const wrong = await DRAWS[kind](new Seeded(this.#seed * SPREAD + index), this.#hall.knows, seat).catch(String);
      this.note(this.#hall.rig.workerPid === undefined ? 'the worker has ended' : wrong, index);
      this.#underWay.delete(index);
      this.done.set(kind, (this.done.get(kind) ?? 0) + 1);
      if (this.#hall.rig.workerPid === undefined) return;
    }
  }
}

/** @returns the exit code */
export async function fuzz(seed: number, count: number, only: readonly number[] = []): Promise<number> {
  console.log(`fuzz, seed ${seed}, ${only.length > 0 ? `cases ${only}` : `${count} cases`}`);
  const folder = await mkdtemp(join(tmpdir(), 'vdi-fuzz-'));
  const hall = await openHall(join(folder, 'heap')).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  try {
    const tried = new Fuzz(seed, hall);
    const looking = setInterval(() => tried.note(hall.look()), 500);
    const shown = setInterval(
      () => console.log(`… ${[...tried.done].map(([kind, times]) => `${times} ${kind}`).join(', ')}`),
      SHOWN_EVERY_MS,
    );
    const began = performance.now();
    const all = only.length > 0 ? only : Array.from({ length: count }, (_, index) => index);
    await tried.run(all.slice(0, WARM_UP));
    // Programs grow until they have been everywhere once.
    const before = await hall.settled();
    await tried.run(all.slice(WARM_UP));
    clearInterval(looking);
    clearInterval(shown);
    tried.note(hall.look());
    const seconds = Math.round((performance.now() - began) / 1000);
    const wrong = [...tried.wrong, ...(hall.rig.workerPid === undefined ? [] : await hall.leftOver(before))];
    const sum = [...tried.done.values()].reduce((one, other) => one + other, 0);
    console.log(
      `${sum} cases in ${seconds} s: ${[...tried.done].map(([kind, times]) => `${times} ${kind}`).join(', ')}`,
    );
    console.log(hall.report());
    for (const what of wrong) console.log(`NOT AS IT MUST BE: ${what}`);
    if (wrong.length > 0) console.log(hall.rig.log.slice(-4_000));
    const isGood = wrong.length === 0 && sum === all.length;
    console.log(isGood ? '1 passed, 0 failed' : '0 passed, 1 failed');
    return isGood ? 0 : 1;
  } finally {
    await hall.close();
    await rm(folder, { recursive: true, force: true });
  }
}
