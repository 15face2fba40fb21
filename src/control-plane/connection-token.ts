import { createCipheriv, createHash, randomBytes } from 'node:crypto';

export interface DesktopLogin {
  readonly username: string;
  readonly password: string;
}

/** The tunnel's token of contract section 4: base64 of {iv, value}, value being AES-256-CBC of the connection's settings. */
export function connectionToken(tokenKey: string, hostname: string, login: DesktopLogin): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', keyBytes(tokenKey), iv);
  const settings = {
    hostname,
    port: '3389',
    username: login.username,
    password: login.password,
    security: 'any',
    'ignore-cert': 'true',
    'disable-audio': 'true',
    'resize-method': 'display-update',
  };
  const plain = JSON.stringify({ connection: { type: 'rdp', settings } });
  const value = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.from(JSON.stringify({ iv: iv.toString('base64'), value: value.toString('base64') })).toString('base64');
}

/** Exactly 32 bytes are the key itself, anything else is hashed to 32. */
function keyBytes(tokenKey: string): Buffer {
  const bytes = Buffer.from(tokenKey, 'utf8');
  return bytes.length === 32 ? bytes : createHash('sha256').update(bytes).digest();
}
