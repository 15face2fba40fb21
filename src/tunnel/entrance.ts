import { setTimeout as pause } from 'node:timers/promises';
import { Attempts } from '../callers/attempts.ts';
import type { Clock, Log } from '../pool/ports.ts';
import { type RefusalCause, type Refused, refused } from './admission.ts';
import { type OriginRule, originRule } from './origins.ts';
import type { Visit } from './visit.ts';

/** Every refusal comes this long after the request, so that its time does not tell how far it came. */
const REFUSED_AFTER_MS = 100;

export interface EntrancePorts {
  readonly allowedOrigins: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Counts a refusal. */
  refused(why: RefusalCause): void;
}

/** What is asked of everybody before it is looked at what he may open, and what becomes of who is refused. */
export class Entrance {
  readonly #ports: EntrancePorts;
  readonly #isAllowed: OriginRule;
  readonly #attempts: Attempts;

  constructor(ports: EntrancePorts) {
    this.#ports = ports;
    this.#isAllowed = originRule(ports.allowedOrigins);
    this.#attempts = new Attempts(ports.clock);
  }

  /** @param judge decides about this visit; not asked where the visit is refused whatever it may open */
  async admit<T extends { readonly kind: string }>(
    visit: Visit,
    judge: (visit: Visit) => Promise<T | Refused>,
  ): Promise<T | Refused> {
    const over = pause(REFUSED_AFTER_MS);
    const verdict = this.#refusal(visit) ?? (await judge(visit));
    if (!isRefused(verdict)) return verdict;
    this.#tell(visit, verdict);
    await over;
    return verdict;
  }

  #refusal(visit: Visit): Refused | undefined {
    if (!this.#isAllowed(visit.origin)) return refused('origin', visit.origin ?? 'none');
    // What is signed cannot be guessed: one who guesses must not lock out his whole hall, which has his address.
    const isSigned = visit.query.has('connection') || visit.query.has('watch');
    return !isSigned && this.#attempts.tooMany(visit.address) ? refused('too-many') : undefined;
  }

  #tell({ address }: Visit, { why, detail }: Refused): void {
    this.#ports.refused(why);
    // Else a guesser fills the log: the last line before the limit says that more may follow.
    if (!this.#attempts.tooMany(address)) {
      this.#attempts.refused(address);
      const limit = this.#attempts.tooMany(address) ? 'limit reached; the next ten seconds’ are not logged' : undefined;
      this.#ports.log.warn({ why, detail, from: address, ...(limit ? { limit } : {}) }, 'tunnel refused');
    }
  }
}

function isRefused(verdict: { readonly kind: string }): verdict is Refused {
  return verdict.kind === 'refused';
}
