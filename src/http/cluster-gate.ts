import type { BlockList } from 'node:net';
import { contains, networkOf } from '../callers/address.ts';
import { Attempts } from '../callers/attempts.ts';
import { Buckets } from '../callers/buckets.ts';
import { callKey, signedWith } from '../callers/call-signature.ts';
import { keepNewest } from '../callers/keep-newest.ts';
import { whichSecret } from '../callers/same-secret.ts';
import { type Clocks, SignatureTimes } from '../callers/signature-times.ts';
import { type Refused, refused } from './gate-refusals.ts';

/** Five hundred students who join at once and try again each second take a part of it; a loop gone wild does not get through. */
const CALLS = { burst: 3000, perSec: 200 };
/** Who has shown the right token is not shut out by a neighbour's guesses for so long. */
const KNOWN_MS = 600_000;
const MOST_KNOWN = 1000;

export interface GateSettings {
  /** WORKER_CODE: a signature is for one worker. */
  readonly worker: string;
  /** The current token, then the one before it, where that is still taken. */
  readonly tokens: readonly string[];
  /** Nobody else may call; empty: all may. */
  readonly allowed: BlockList;
  readonly requireSigned: boolean;
}

export interface GatePorts extends Clocks {
  /** Whether a service of this worker itself is at this address. */
  isOwnService(address: string): Promise<boolean>;
}

/** What is known of a call before its body is read. */
export interface CallHead {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly address: string;
  /** From this very machine or container, through no proxy: who is there could read the settings too. */
  readonly isInside: boolean;
  readonly token: string | undefined;
  readonly signature: {
    readonly time: string | undefined;
    readonly nonce: string | undefined;
    readonly value: string | undefined;
  };
}

/** `token`: its place in the settings' list. */
export interface Passed {
  readonly kind: 'passed';
  readonly token: number;
  readonly isSigned: boolean;
  /** Why its signature would not have done without the token beside it. */
  readonly late?: Refused;
}
/** What it is depends on its body. */
export type ReadOn = { readonly kind: 'read-on' };

/** Decides who may make cluster calls, and how many. */
export class ClusterGate {
  readonly #settings: GateSettings;
  readonly #ports: GatePorts;
  readonly #keys: readonly Buffer[];
  readonly #attempts: Attempts;
  readonly #calls: Buckets;
  readonly #times: SignatureTimes;
  /** Addresses that have shown a right token, and until when that counts; by uptime. */
  readonly #known = new Map<string, number>();

  constructor(settings: GateSettings, ports: GatePorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#keys = settings.tokens.map(callKey);
    this.#attempts = new Attempts(() => ports.uptime());
    this.#calls = new Buckets(CALLS, () => ports.uptime());
    this.#times = new SignatureTimes(ports);
  }

  async enter(call: CallHead): Promise<Passed | ReadOn | Refused> {
    const { allowed, requireSigned } = this.#settings;
    const { address, isInside, token, signature } = call;
    if (allowed.rules.length > 0 && !isInside && !contains(allowed, address)) {
      if (!(await this.#ports.isOwnService(address))) return refused('address', address);
    }
    if (this.#isShut(address)) return refused('too-many-wrong');
    const isSigned = Object.values(signature).some((part) => part !== undefined);
    if (token === undefined && !isSigned) return refused('token-missing');
    const at = token === undefined ? undefined : whichSecret(token, this.#settings.tokens);
    if (token !== undefined && at === undefined) return this.#wrong(address, 'token-wrong');
    if (isSigned) return { kind: 'read-on' };
    if (requireSigned && !isInside) return refused('unsigned');
    return this.#count(address, { kind: 'passed', token: at ?? 0, isSigned: false });
  }

  /** @param body as it came; empty where there was none */
  checkSignature(call: CallHead, body: Buffer): Passed | Refused {
    const { method, path, address, signature } = call;
    const { time = '', nonce = '', value = '' } = signature;
    if (!/^\d{1,15}$/.test(time) || !/^[\w.-]{16,128}$/.test(nonce) || !/^[0-9a-f]{64}$/.test(value))
      return refused('signature-malformed');
    const signed = { method, path, body, time, nonce, worker: this.#settings.worker };
    const at = signedWith(signed, value, this.#keys);
    if (at === undefined) return this.#wrong(address, 'signature-wrong');
    const passed = this.#count(address, { kind: 'passed', token: at, isSigned: true });
    if (passed.kind === 'refused') return passed;
    const freshness = this.#times.use(Number(time), nonce);
    if (freshness === 'new') return passed;
    const late = refused(freshness, freshness === 'clock' ? String(Number(time) - this.#ports.now()) : undefined);
    // The token alone would have done: a clock that is wrong must not stop an exam where nobody asked for signatures.
    const isOfTime = freshness === 'clock' || freshness === 'before-start';
    return isOfTime && call.token !== undefined && !this.#settings.requireSigned ? { ...passed, late } : late;
  }

  /** Whether somebody who asks for no call may read: with one of the cluster's tokens, or of `others`. Guesses count all the same. */
  mayRead(
    address: string,
    token: string | undefined,
    others: readonly string[] = this.#settings.tokens,
  ): true | Refused {
    if (this.#isShut(address)) return refused('too-many-wrong');
    if (token === undefined) return refused('token-missing');
    return whichSecret(token, others) === undefined ? this.#wrong(address, 'token-wrong') : true;
  }

  #isShut(address: string): boolean {
    return this.#attempts.tooMany(address) && (this.#known.get(networkOf(address)) ?? 0) <= this.#ports.uptime();
  }

  #wrong(address: string, why: 'token-wrong' | 'signature-wrong'): Refused {
    this.#attempts.refused(address);
    return refused(why);
  }

  #count(address: string, passed: Passed): Passed | Refused {
    const network = networkOf(address);
    this.#known.delete(network);
    this.#known.set(network, this.#ports.uptime() + KNOWN_MS);
    keepNewest(this.#known, MOST_KNOWN);
    const waitMs = this.#calls.take(network);
    return waitMs === 0 ? passed : refused('too-many-calls', String(waitMs));
  }
}
