import { type Desktop, isInUse, isQuarantined } from '../desktop/desktop.ts';
import { judge, type Proof, type ProofRecord, type SignedRecord } from '../desktop/proof.ts';
import { hearFiles } from './hear-files.ts';
import { inLedger } from './ledger.ts';
import { bestEffort, type PoolParts } from './parts.ts';
import { type Follow, isOfAbsence, newFollow, nextOf, sleep, wake } from './proof-follow.ts';

/** Periods without a proof after which a desktop counts as not proved. */
const MISSED_PERIODS = 3;
/** Until the first proof of a new desktop, counted from when it is ready: it comes a second after the start. */
const FIRST_MS = 15_000;
const AGAIN_MS = 1_000;

type ProverParts = Pick<
  PoolParts,
  'settings' | 'engine' | 'mirror' | 'ledger' | 'roster' | 'clock' | 'log' | 'nudge'
> & {
  proofKeysOf(desktopId: string): readonly Buffer[];
};

/**
 * Hears what every desktop tells while it runs and keeps how its last proof came out. Acts on nothing: the plan puts what
 * failed into quarantine while it waits, and a desktop in use is only shown.
 */
export class Prover {
  readonly #parts: ProverParts;
  readonly #follows = new Map<string, Follow>();
  #closed = false;

  constructor(parts: ProverParts) {
    this.#parts = parts;
  }

  /** Follows a desktop from its last start until it stops or is gone. Doing so twice is doing so once. */
  watch(containerId: string): void {
    if (this.#closed || this.#follows.has(containerId)) return;
    const follow = newFollow();
    this.#follows.set(containerId, follow);
    void this.#follow(containerId, follow).finally(() => {
      clearTimeout(follow.watchdog);
      if (this.#follows.get(containerId) === follow) this.#follows.delete(containerId);
      wake(follow);
    });
  }

  /** Waits for a desktop's first proof; one that sends none in time has failed it. */
  async first(desktop: Desktop): Promise<Proof> {
    const { roster, settings, clock } = this.#parts;
    const { containerId } = desktop;
    // One that has been running for long sends its next within a period, should the last not count any more.
    const isNew = clock() - desktop.createdAt < settings.readyTimeoutMs;
    const ms = isNew ? FIRST_MS : this.#missedMs();
    const end = clock() + ms;
    for (;;) {
      const proof = roster.get(containerId)?.proof;
      if (proof) return proof;
      const follow = this.#follows.get(containerId);
      const left = end - clock();
      if (!follow || left <= 0) break;
      await nextOf(follow, left);
    }
    // Nobody has listened to its end.
    if (this.#closed) return { kind: 'bad', at: clock(), reason: 'the backend stops' };
    const old = this.#follows.get(containerId)?.old;
    return this.#bad(containerId, `no proof within ${Math.round(ms / 1000)} s${old ? `, but ${old}` : ''}`);
  }

  /** A student has got it: the proof that it was given out with belongs to the session's history. */
  claimed(desktop: Desktop): void {
    const record = this.#follows.get(desktop.containerId)?.record;
    if (record) this.#record({ kind: 'proof-good', record }, desktop, this.#parts.clock());
  }

  close(): void {
    this.#closed = true;
    for (const follow of this.#follows.values()) follow.stop.abort();
  }

  async #follow(containerId: string, follow: Follow): Promise<void> {
    const { engine, roster, log } = this.#parts;
    while (!follow.stop.signal.aborted) {
      try {
        const told = await engine.told(containerId, follow.heardAt, follow.stop.signal);
        follow.isOpen = true;
        if (follow.away?.until === Number.POSITIVE_INFINITY) follow.away.until = this.#parts.clock();
        this.#expect(containerId, follow);
        for await (const word of told) {
          if (word.kind === 'proof') this.#hear(containerId, follow, word.signed);
          else if (word.kind === 'files') hearFiles(this.#parts, containerId, word.told);
          else roster.setPage(containerId, 'loaded');
        }
      } catch (error) {
        log.warn({ containerId, error: String(error) }, 'what a desktop tells cannot be followed; trying again');
      }
      follow.isOpen = false;
      if (follow.stop.signal.aborted) return;
      // It ends with the engine or with the desktop.
      if (follow.away?.until !== Number.POSITIVE_INFINITY)
        follow.away = { from: this.#parts.clock(), until: Number.POSITIVE_INFINITY };
      const desktop = roster.get(containerId);
      // After a start of the backend the reason is read again from what the desktop told; silence was one, too.
      if (desktop && isQuarantined(desktop) && !desktop.proof) this.#bad(containerId, 'it had stopped sending proofs');
      if (!desktop || isQuarantined(desktop) || desktop.state === 'stopped') return;
      await sleep(AGAIN_MS);
    }
  }

  #hear(containerId: string, follow: Follow, signed: SignedRecord): void {
    const { roster, settings, log, clock, proofKeysOf } = this.#parts;
    const desktop = roster.get(containerId);
    // A stream that is opened again begins with what was heard last.
    if (!desktop || signed.signature === follow.signature) return;
    const { desktopId } = desktop.labels;
    const expected = { desktopId, keys: proofKeysOf(desktopId), strict: settings.strictLock, lastSeq: follow.seq };
    const verdict = judge(signed, expected);
    follow.heardAt = signed.heardAt;
    follow.signature = signed.signature;
    if (verdict.kind === 'bad' && verdict.record && isOfAbsence(follow, Date.parse(verdict.record.at))) {
      log.warn({ desktop: desktop.name, reason: verdict.reason }, 'a proof of the engine’s absence does not count');
      return;
    }
    if (verdict.kind === 'bad') {
      this.#bad(containerId, verdict.reason, verdict.record, signed.heardAt);
      return;
    }
    if (verdict.kind === 'old') {
      follow.old = verdict.reason;
      log.warn({ desktop: desktop.name, reason: verdict.reason }, 'a proof that does not count');
      return;
    }
    follow.seq = verdict.record.seq;
    // What was told before the last periods says nothing of now.
    if (clock() - signed.heardAt < this.#missedMs()) this.#good(desktop, follow, signed.heardAt, verdict);
  }

  #good(desktop: Desktop, follow: Follow, at: number, { record, note }: { record: ProofRecord; note?: string }): void {
    const { roster, mirror, log } = this.#parts;
    const before = desktop.proof?.kind;
    // Failed once, never trusted again. A desktop in use is shown as it is now.
    if (before === 'bad' && !isInUse(desktop)) return;
    follow.record = record;
    roster.setProof(desktop.containerId, { kind: 'good', at, note });
    this.#expect(desktop.containerId, follow);
    if (before !== 'good') this.#record({ kind: 'proof-good', record }, desktop, at);
    void bestEffort(log, 'proof', mirror.saveProof(desktop.labels.desktopId, JSON.stringify(record)));
    wake(follow);
  }

  #bad(containerId: string, reason: string, record?: ProofRecord, at = this.#parts.clock()): Proof {
    const { roster, mirror, log, nudge } = this.#parts;
    const proof: Proof = { kind: 'bad', at, reason };
    const desktop = roster.get(containerId);
    if (!desktop) return proof;
    const before = desktop.proof;
    roster.setProof(containerId, proof);
    if (before?.kind !== 'bad' || before.reason !== reason) {
      log.error({ desktop: desktop.name, inUse: isInUse(desktop), reason }, 'desktop failed its proof');
      this.#record({ kind: 'proof-failed', reason, ...(record ? { record } : {}) }, desktop, at);
    }
    const told = record ? JSON.stringify(record) : JSON.stringify({ failed: reason, at: new Date(at).toISOString() });
    void bestEffort(log, 'proof', mirror.saveProof(desktop.labels.desktopId, told));
    const follow = this.#follows.get(containerId);
    if (follow) wake(follow);
    nudge();
    return proof;
  }

  // By the engine's time: what a start of the backend tells again is the same event.
  #record(event: Told, desktop: Desktop, at: number): void {
    this.#parts.ledger.record({ ...event, at, desktop: inLedger(desktop) });
  }

  /** Waits for the next proof from now on. By a timer, not by the clock: a clock that jumps makes nobody late. */
  #expect(containerId: string, follow: Follow): void {
    clearTimeout(follow.watchdog);
    follow.watchdog = setTimeout(() => {
      // With the engine away nothing can be heard: the count begins anew when it is back.
      if (!follow.isOpen) return;
      const seconds = Math.round(this.#missedMs() / 1000);
      this.#bad(containerId, `no proof for ${seconds} s${follow.old ? `, but ${follow.old}` : ''}`);
    }, this.#missedMs()).unref();
  }

  #missedMs(): number {
    return MISSED_PERIODS * this.#parts.settings.proofEveryMs;
  }
}

type Told =
  | { readonly kind: 'proof-good'; readonly record: object }
  | { readonly kind: 'proof-failed'; readonly reason: string; readonly record?: object };
