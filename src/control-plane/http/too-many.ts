import type { Response } from 'express';
import type { AttemptLimit } from '../attempts.ts';
import { refuse } from './answers.ts';

/** True after a 429: so many seconds are to be waited for. */
export function tooMany(response: Response, waitSec: number, { what }: AttemptLimit): boolean {
  if (waitSec === 0) return false;
  response.set('Retry-After', String(waitSec));
  const message = `Too many wrong ${what}s. Try again in ${waitSec} seconds.`;
  refuse(response, 429, { error: 'too_many_attempts', message, retryAfterSec: waitSec });
  return true;
}
