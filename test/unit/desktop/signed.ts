import { createHmac } from 'node:crypto';
import type { SignedRecord } from '../../../src/desktop/proof.ts';
import { proofKey, proofMaster } from '../../../src/desktop/proof-key.ts';

const MASTER = proofMaster('a-cluster-token');

export const keyOf = (desktopId: string): Buffer => proofKey(MASTER, desktopId);

export const GATEWAY_BLOCKED = { try: 'gateway', want: 'blocked', got: 'blocked', ms: 1 };
export const GATEWAY_OPEN = { try: 'gateway', want: 'blocked', got: 'silent', ms: 1 };

/** A record as a desktop signs it; `change` makes it another. */
export function signed(desktop: string, at: number, change: object = {}, key = keyOf(desktop)): SignedRecord {
  const whole = {
    v: 1,
    desktop,
    at: new Date(at).toISOString(),
    seq: Math.max(1, at),
    ok: true,
    lock: 'on',
    results: [GATEWAY_BLOCKED],
    ...change,
  };
  const record = Buffer.from(JSON.stringify(whole)).toString('base64url');
  return { record, signature: createHmac('sha256', key).update(record).digest('hex'), heardAt: at };
}
