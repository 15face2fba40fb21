import { createDecipheriv, createHash } from 'node:crypto';
import { z } from 'zod';

const BASE64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);
const Envelope = z.object({ iv: BASE64, value: BASE64 });
const Claim = z.object({ connection: z.object({ settings: z.object({ hostname: z.ipv4() }) }) });
const LONGEST_TOKEN = 4096;

/** The AES key that the contract's section 4 makes of GUAC_TOKEN_KEY. */
export function tokenKey(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length === 32 ? bytes : createHash('sha256').update(bytes).digest();
}

/**
 * The address that a token claims; undefined for whatever is no token of this key. The rest of it, host settings and
 * credentials, is never used.
 */
export function readToken(token: string, key: Buffer): string | undefined {
  if (token.length > LONGEST_TOKEN) return undefined;
  try {
    const envelope = Envelope.parse(JSON.parse(Buffer.from(token, 'base64').toString('utf8')));
    const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(envelope.iv, 'base64'));
    const text = Buffer.concat([decipher.update(Buffer.from(envelope.value, 'base64')), decipher.final()]);
    return Claim.parse(JSON.parse(text.toString('utf8'))).connection.settings.hostname;
  } catch {
    return undefined;
  }
}
