import { expect, test } from 'vitest';
import { Closing } from '../../../src/pool/closing.ts';

const untilTold = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason.message), { once: true }));

test('whoever waits is told when his time is over, and all at once when everything is', async () => {
  const closing = new Closing();
  expect(await closing.within(5, untilTold)).toBe('not within 5 ms');
  const both = [closing.within(60_000, untilTold), closing.within(60_000, untilTold)];
  closing.close();
  expect(await Promise.all(both)).toEqual(Array(2).fill('this backend is being stopped'));
  await expect(closing.within(5, untilTold)).rejects.toThrow('being stopped');
});

test('who has waited to his end hears nothing of the others’', async () => {
  const closing = new Closing();
  let given: AbortSignal | undefined;
  await closing.within(60_000, async (signal) => {
    given = signal;
  });
  closing.close();
  expect(given?.aborted).toBe(false);
});
