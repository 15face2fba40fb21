import type { Response } from 'express';
import type { Allocation, Refusal } from '../pool/allocate.ts';
import { EngineDown } from '../pool/ports.ts';

const WORDS: Record<Refusal, string> = {
  'pool-empty': 'No free desktop yet; one is being made. Try again.',
  'host-full': 'Every slot of this worker is taken. Try another worker.',
  'engine-down': 'The container engine of this worker does not answer. Try another worker.',
  'desktops-failing': 'New desktops do not come up on this worker; its status says why. Try another worker.',
  'desktop-restarting': 'The desktop of this student is coming back. Try again.',
};

/** The contract's `{ip, containerId}`, or 503 with a reason code and when to try again. */
export function answerAllocation(response: Response, allocation: Allocation): void {
  if (allocation.kind === 'seated') {
    const { ip, containerId, name } = allocation.desktop;
    response.json({ ip, containerId, containerName: name });
    return;
  }
  unavailable(response, allocation.reason, allocation.retryAfterSec);
}

/** @returns whether the error was the engine's absence, and is answered */
export function answerEngineDown(response: Response, error: unknown): boolean {
  if (!(error instanceof EngineDown)) return false;
  unavailable(response, 'engine-down', 5);
  return true;
}

function unavailable(response: Response, reason: Refusal, retryAfterSec: number): void {
  response
    .status(503)
    .set('retry-after', String(retryAfterSec))
    .json({ error: reason, message: WORDS[reason], retryAfterSec });
}
