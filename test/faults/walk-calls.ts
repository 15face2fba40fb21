import { setTimeout as pause } from 'node:timers/promises';
import type { Rig } from '../rig/rig.ts';
import type { WalkDiary } from './walk-diary.ts';
import type { WalkStudent } from './walk-student.ts';

const AGAIN_MS = 300;
/** A caller's own limit is 15 s (contract); a machine with more to do than cores gets some more. */
const ANSWER_MS = 30_000;
const RELEASED_MS = 120_000;

interface Manner {
  readonly times: number;
  readonly hangUpMs: number | undefined;
}

interface Callers {
  readonly rig: Rig;
  readonly diary: WalkDiary;
  broken(law: string): void;
}

/** The calls of a control-plane, well behaved or not, and what is learnt from their answers. */
export class WalkCalls {
  readonly #callers: Callers;

  constructor(callers: Callers) {
    this.#callers = callers;
  }

  /** @returns once answered, whatever the answer; a student who got his desktop begins his work on it */
  allocate(student: WalkStudent, manner: Manner): Promise<void> {
    return student.inTurn(async () => {
      const { diary, broken } = this.#callers;
      student.wants = true;
      const answers = await this.#several('allocate', student.seat, manner);
      for (const answer of answers) {
        if (answer?.status === 200) {
          diary.note(`${student.name} is given ${answer.body.containerId.slice(0, 12)}`);
          diary.count('seated');
          if (student.given(answer.body)) await this.#write(student);
        } else if (answer?.status === 503) diary.count(`refused: ${answer.body.error}`);
        else if (answer) broken(`allocate answered ${answer.status} ${JSON.stringify(answer.body)}`);
      }
    });
  }

  /** A release is asked for until it is answered, as the control-plane does; the first times it may hang up on it. */
  release(student: WalkStudent, manner: Manner): Promise<void> {
    return student.inTurn(async () => {
      student.leaves();
      await this.#several('release', student.seat, manner);
      const end = Date.now() + RELEASED_MS;
      while ((await this.#call('release', student.seat))?.status !== 200) {
        if (Date.now() > end) throw new Error(`a release of ${student.name} is never answered`);
        await pause(AGAIN_MS);
      }
      this.#callers.diary.note(`${student.name} has left`);
    });
  }

  work(student: WalkStudent): Promise<void> {
    return student.inTurn(() => this.#write(student));
  }

  /** A call whose answer nobody looks at. */
  async lost(path: string, body: object): Promise<void> {
    await this.#call(path, body);
  }

  async #write(student: WalkStudent): Promise<void> {
    if (student.desktop) this.#callers.diary.count((await student.write()) ? 'written' : 'not written');
  }

  #several(path: string, body: object, { times, hangUpMs }: Manner) {
    return Promise.all(Array.from({ length: times }, () => this.#call(path, body, hangUpMs)));
  }

  /** @returns undefined when nobody answered, or the caller did not wait */
  async #call(path: string, body: object, hangUpMs?: number) {
    const { rig, diary, broken } = this.#callers;
    const signal = AbortSignal.timeout(hangUpMs ?? ANSWER_MS);
    try {
      return await rig.call(`/api/vdi/cluster/${path}`, body, undefined, signal);
    } catch {
      if (hangUpMs !== undefined) diary.count('hung up');
      else if (signal.aborted) broken(`${path} had no answer in ${ANSWER_MS} ms`);
      else diary.count('nobody there');
      return undefined;
    }
  }
}
