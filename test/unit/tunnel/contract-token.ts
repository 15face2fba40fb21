import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/** A token as the contract's section 4 has the control-plane make it; written anew here from its words. */
export function contractToken(ip: string, keyText: string, content?: string): string {
  const bytes = Buffer.from(keyText, 'utf8');
  const key = bytes.length === 32 ? bytes : createHash('sha256').update(bytes).digest();
  const settings = {
    hostname: ip,
    port: '3389',
    username: 'student',
    password: '123456',
    security: 'any',
    'ignore-cert': 'true',
    'disable-audio': 'true',
    'resize-method': 'display-update',
  };
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const text = content ?? JSON.stringify({ connection: { type: 'rdp', settings } });
  const value = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  return Buffer.from(JSON.stringify({ iv: iv.toString('base64'), value })).toString('base64');
}
