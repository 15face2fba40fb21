import { expect, test } from 'vitest';
import { Setbacks } from '../../../src/pool/setbacks.ts';

const NOW = Date.UTC(2026, 0, 1);

test('a clock that was set back makes no pause of hours', () => {
  const setbacks = new Setbacks();
  setbacks.failed(7, 'it broke', NOW, NOW);
  expect(setbacks.pauseMs(7, NOW)).toBe(1_000);
  expect(setbacks.pauseMs(7, NOW - 7_200_000)).toBe(0);
});
