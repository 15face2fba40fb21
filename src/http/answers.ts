import type { Response } from 'express';
import type { Allocation, Refusal } from '../pool/allocate.ts';
import { EngineDown, ImageMissing } from '../pool/ports.ts';

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

/**
 * The contract's `{ip, containerId}`, or 503 with a reason code and when to try again.
 * @param connection what is answered beside it, of a student who is seated
 */
export function answerAllocation(response: Response, allocation: Allocation, connection: object | undefined): void {
  if (allocation.kind === 'seated') {
    const { ip, containerId, name } = allocation.desktop;
    response.json({ ip, containerId, containerName: name, connection });
    return;
  }
  unavailable(response, allocation.reason);
}

/** @returns whether the error was the absence of something the worker needs, and is answered */
export function answerAbsence(response: Response, error: unknown): boolean {
  if (error instanceof EngineDown) unavailable(response, 'engine-down');
  else if (error instanceof ImageMissing) unavailable(response, 'image-missing');
  else return false;
  return true;
}

function unavailable(response: Response, reason: Refusal): void {
  const retryAfterSec = RETRY_SEC[reason];
  response
    .status(503)
    .set('retry-after', String(retryAfterSec))
    .json({ error: reason, message: WORDS[reason], retryAfterSec });
}
