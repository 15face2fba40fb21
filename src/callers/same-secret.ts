import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares in a time that tells nothing about the secret, nor about its length. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * Which of the secrets this is, by its place in the list; all of them are compared, so that the time taken does not tell.
 * @returns undefined: none of them
 */
export function whichSecret(given: string, secrets: readonly string[]): number | undefined {
  const same = secrets.map((secret) => sameSecret(given, secret));
  const at = same.indexOf(true);
  return at < 0 ? undefined : at;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
