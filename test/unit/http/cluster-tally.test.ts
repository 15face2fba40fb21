import { expect, test } from 'vitest';
import { ClusterTally } from '../../../src/http/cluster-tally.ts';
import { Metrics } from '../../../src/http/metrics.ts';

const at = 1_800_000_000_000;

test('tells who still knows the previous token only, once per address for the log', async () => {
  const metrics = new Metrics();
  const tally = new ClusterTally(metrics, () => at);
  expect(tally.report().previousToken).toEqual({ calls: 0, last: null, from: null });
  const known = { kind: 'passed', isSigned: false } as const;
  expect(tally.passed({ ...known, token: 0 }, '10.0.0.5')).toBe(false);
  expect([1, 2].map(() => tally.passed({ ...known, token: 1 }, '10.0.0.5'))).toEqual([true, false]);
  expect(tally.passed({ ...known, token: 1, isSigned: true }, '10.0.0.6')).toBe(true);
  expect(tally.report().previousToken).toEqual({ calls: 3, last: new Date(at).toISOString(), from: '10.0.0.6' });
  const { body } = await metrics.text();
  expect(body).toContain('vdi_cluster_calls_total{token="current",signed="false"} 1');
  expect(body).toContain('vdi_cluster_calls_total{token="previous",signed="false"} 2');
  expect(body).toContain('vdi_cluster_calls_total{token="previous",signed="true"} 1');
});

test('counts who is refused by cause, never by who he is', async () => {
  const metrics = new Metrics();
  const tally = new ClusterTally(metrics, () => at);
  tally.refused('token-wrong', '198.51.100.7');
  tally.refused('clock', '203.0.113.5');
  expect(tally.report().refused).toEqual({
    calls: 2,
    last: new Date(at).toISOString(),
    from: '203.0.113.5',
    why: 'clock',
  });
  const { body } = await metrics.text();
  expect(body).toContain('vdi_cluster_refused_total{why="clock"} 1');
  expect(body).not.toContain('203.0.113.5');
});
