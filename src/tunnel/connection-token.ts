import { hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import { z } from 'zod';

const Claims = z.strictObject({
  /** The student. */
  sub: z.int().positive(),
  exam: z.int().positive(),
  /** The one allocation that it opens. */
  allocation: z.string().min(1),
  /** Seconds since the epoch. */
  exp: z.int(),
});

export type ConnectionClaims = z.output<typeof Claims>;

const LONGEST_TOKEN = 1024;
const ALGORITHMS = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };

/** A key of its own, so that nothing made with the contract's token key is ever taken for a connection token. */
export function connectionKey(text: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', Buffer.from(text, 'utf8'), '', 'vdi connection token', 32));
}

export function makeConnectionToken(claims: ConnectionClaims, key: Uint8Array): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(claims), 'utf8'))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(key);
}

/** What a token says; undefined for whatever was not made by us, whole as it is. Whether its time is over is not asked here. */
export async function readConnectionToken(token: string, key: Uint8Array): Promise<ConnectionClaims | undefined> {
  if (token.length > LONGEST_TOKEN) return undefined;
  try {
    const { plaintext } = await compactDecrypt(token, key, ALGORITHMS);
    return Claims.parse(JSON.parse(Buffer.from(plaintext).toString('utf8')));
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError || error instanceof SyntaxError)
      return undefined;
    throw error;
  }
}
