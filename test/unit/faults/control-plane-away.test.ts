import { expect, test } from 'vitest';
import { changes } from '../../faults/control-plane-away.ts';

const log = (...words: string[]): string =>
  words.map((msg) => `${JSON.stringify({ level: 30, msg: `heartbeat ${msg}` })}\n`).join('');

test('what the heartbeat says of the control-plane counts once a change, whatever its own backend does meanwhile', () => {
  const said = log(
    'accepted; backend up',
    'accepted; backend down',
    'not delivered: control-plane at x cut the connection; backend down',
    'not delivered: control-plane at x refuses connections; backend down',
    'not delivered: control-plane at x refuses connections; backend up',
    'accepted; backend up',
  );
  expect(changes(said).map((words) => words.split(';')[0])).toEqual([
    'heartbeat accepted',
    'heartbeat not delivered: control-plane at x refuses connections',
    'heartbeat accepted',
  ]);
});

test('a second line on one absence is seen, and one that is not written to its end is not read', () => {
  const twice = log(
    'accepted; backend up',
    'not delivered: a refuses connections; backend up',
    'refused (401); backend up',
  );
  expect(changes(`${twice}{"level":30,"msg":"heart`)).toHaveLength(3);
});
