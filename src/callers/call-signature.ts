import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** What is signed of a call (docs/adr/0020). */
export interface SignedCall {
  readonly method: string;
  /** From /api/vdi/cluster on, with its query: what stands before it is a proxy's affair. */
  readonly path: string;
  /** As it is sent; empty where there is none. */
  readonly body: string | Buffer;
  /** Milliseconds since the epoch, in digits. */
  readonly time: string;
  readonly nonce: string;
  /** WORKER_CODE of the worker that is called: what was sent to one opens nothing on another. */
  readonly worker: string;
}

export const SIGNATURE_HEADERS = {
  time: 'x-signature-time',
  nonce: 'x-signature-nonce',
  signature: 'x-signature',
} as const;

/** The key of a cluster's signatures. It tells nothing of the token that it is made from. */
export function callKey(clusterToken: string): Buffer {
  return Buffer.from(hkdfSync('sha256', clusterToken, '', 'vdi cluster call', 32));
}

/** Hexadecimal. */
export function signatureOf(call: SignedCall, key: Buffer): string {
  const { method, path, body, time, nonce, worker } = call;
  const digest = createHash('sha256').update(body).digest('hex');
  const text = [method, path, digest, time, nonce, worker].join('\n');
  return createHmac('sha256', key).update(text).digest('hex');
}

/** @returns the place of the key in the list that has signed this; undefined: none of them */
export function signedWith(call: SignedCall, signature: string, keys: readonly Buffer[]): number | undefined {
  const given = Buffer.from(signature, 'hex');
  const same = keys.map((key) => {
    const right = Buffer.from(signatureOf(call, key), 'hex');
    return given.length === right.length && timingSafeEqual(given, right);
  });
  const at = same.indexOf(true);
  return at < 0 ? undefined : at;
}

/** The headers of a signed call; each time others. */
export function signedHeaders(
  call: Omit<SignedCall, 'time' | 'nonce'>,
  key: Buffer,
  now: number,
): Record<string, string> {
  const whole = { ...call, time: String(Math.round(now)), nonce: randomBytes(16).toString('hex') };
  return {
    [SIGNATURE_HEADERS.time]: whole.time,
    [SIGNATURE_HEADERS.nonce]: whole.nonce,
    [SIGNATURE_HEADERS.signature]: signatureOf(whole, key),
  };
}
