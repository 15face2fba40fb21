import type { Response } from 'express';
import type { z } from 'zod';
import type { Allocation, Refusal } from '../pool/allocate.ts';
import { EngineDown, ImageMissing } from '../pool/ports.ts';
import { parseBody } from './bodies.ts';

/** What a call is answered. `retryAfterSec` in the body is said in the header too. */
export interface Reply {
  readonly status: number;
  readonly body: object;
}

/** After how many seconds another try is worth it. */
const RETRY_SEC: Record<Refusal, number> = {
  'pool-empty': 3,
  'host-full': 30,
  'engine-down': 5,
  'desktops-failing': 10,
  draining: 30,
  'image-missing': 30,
  'desktop-restarting': 2,
  'name-taken': 30,
};

const WORDS: Record<Refusal, string> = {
  'pool-empty': 'No free desktop yet; one is being made. Try again.',
  'host-full':
    'Every slot of this worker is taken, or its host has nothing left for another desktop; its status says which. Try another worker.',
  'engine-down': 'The container engine of this worker does not answer. Try another worker.',
  'desktops-failing': 'New desktops do not come up on this worker; its status says why. Try another worker.',
  draining: 'This worker is being drained and takes no new sessions. Try another worker.',
  'image-missing': 'This worker has no image to make desktops from; run ./start.sh on it. Try another worker.',
  'desktop-restarting': 'The desktop of this student is coming back. Try again.',
  'name-taken':
    'Another worker on the same engine has a desktop for a student and exam of these numbers (docs/adr/0001). Try another worker.',
};

export function ok(body: object): Reply {
  return { status: 200, body };
}

/**
 * The contract's `{ip, containerId}`, or 503 with a reason code and when to try again.
 * @param connection what is answered beside it, of a student who is seated
 */
export function allocationReply(allocation: Allocation, connection: object | undefined): Reply {
  if (allocation.kind !== 'seated') return unavailable(allocation.reason);
  const { ip, containerId, name } = allocation.desktop;
  return ok({ ip, containerId, containerName: name, connection });
}

/** Of an error that was the absence of something the worker needs. @returns undefined for every other one */
export function absenceReply(error: unknown): Reply | undefined {
  if (error instanceof EngineDown) return unavailable('engine-down');
  if (error instanceof ImageMissing) return unavailable('image-missing');
  return undefined;
}

/** The caller's time is nearly over. What he asked for goes on; asked again, he hears how it came out. */
export const LATE: Reply = {
  status: 503,
  body: { error: 'deadline', message: 'Still under way when the caller’s time was over. Try again.', retryAfterSec: 1 },
};

function unavailable(reason: Refusal): Reply {
  return { status: 503, body: { error: reason, message: WORDS[reason], retryAfterSec: RETRY_SEC[reason] } };
}

/** A 400 that names every wrong field. */
export class Wrong extends Error {
  override name = 'Wrong';
  readonly reply: Reply;
  constructor(fields: readonly { readonly field: string; readonly problem: string }[]) {
    const message = fields.map(({ field, problem }) => `${field}: ${problem}`).join('; ');
    super(message);
    this.reply = { status: 400, body: { error: 'bad_request', message, fields } };
  }
}

/** @throws Wrong */
export function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = parseBody(schema, body ?? {});
  if (!parsed.ok) throw new Wrong(parsed.complaints);
  return parsed.value;
}

export function send(response: Response, { status, body }: Reply): void {
  const retryAfterSec: unknown = Reflect.get(body, 'retryAfterSec');
  if (typeof retryAfterSec === 'number') response.set('retry-after', String(retryAfterSec));
  response.status(status).json(body);
}
