import { describe, expect, test } from 'vitest';
import {
  callKey,
  type SignedCall,
  signatureOf,
  signedHeaders,
  signedWith,
} from '../../../src/callers/call-signature.ts';
import { SignatureTimes, WINDOW_MS } from '../../../src/callers/signature-times.ts';

const KEY = callKey('the-token-of-the-cluster');
const CALL: SignedCall = {
  method: 'POST',
  path: '/api/vdi/cluster/allocate',
  body: '{"userId":42,"examId":7}',
  time: '1800000000000',
  nonce: '0123456789abcdef',
  worker: 'worker-02',
};

describe('a signature', () => {
  test('is what the guide says, so that another control-plane can make it', () => {
    // Made with openssl from the text in docs/operations.md.
    expect(signatureOf(CALL, KEY)).toBe('c2ed379c242df37fc5d7f6c726e7aa462835e17b063835e680c4ac38f8978fd6');
  });

  test('of one call is no other call’s', () => {
    const signature = signatureOf(CALL, KEY);
    expect(signedWith(CALL, signature, [KEY])).toBe(0);
    const others: Partial<SignedCall>[] = [
      { method: 'GET' },
      { path: '/api/vdi/cluster/release' },
      { path: '/api/vdi/cluster/allocate?dryRun=true' },
      { body: '{"userId":43,"examId":7}' },
      { body: '' },
      { time: '1800000000001' },
      { nonce: '0123456789abcdeg' },
      { worker: 'worker-03' },
    ];
    for (const other of others) expect(signedWith({ ...CALL, ...other }, signature, [KEY])).toBeUndefined();
  });

  test('tells which of the keys made it, and no key makes it without the token', () => {
    const older = callKey('the-token-before-it');
    expect(signedWith(CALL, signatureOf(CALL, older), [KEY, older])).toBe(1);
    expect(signedWith(CALL, signatureOf(CALL, older), [KEY])).toBeUndefined();
    expect(KEY.toString('utf8')).not.toContain('token');
  });

  test.each(['', 'zz', 'ab'.repeat(31), 'ab'.repeat(33)])('that is none (%j) is no key’s', (signature) => {
    expect(signedWith(CALL, signature, [KEY])).toBeUndefined();
  });

  test('of the same call is another each time', () => {
    const { method, path, body, worker } = CALL;
    const [one, two] = [0, 1].map(() => signedHeaders({ method, path, body, worker }, KEY, 1_800_000_000_000.4));
    expect(one?.['x-signature-time']).toBe('1800000000000');
    expect(one?.['x-signature-nonce']).not.toBe(two?.['x-signature-nonce']);
    expect(one?.['x-signature']).not.toBe(two?.['x-signature']);
  });
});

describe('a signed call counts', () => {
  const START = 1_800_000_000_000;
  const at = { now: START, uptime: 0 };
  const clocks = { now: () => at.now, uptime: () => at.uptime };
  const pass = (ms: number): void => {
    at.now += ms;
    at.uptime += ms;
  };
  const begin = (uptime: number): SignatureTimes => {
    at.now = START;
    at.uptime = uptime;
    return new SignatureTimes(clocks);
  };

  test('once', () => {
    const times = begin(600_000);
    expect(times.use(START, 'one')).toBe('new');
    expect(times.use(START, 'one')).toBe('replayed');
    expect(times.use(START, 'another')).toBe('new');
  });

  test('once in all the time in which its time would do', () => {
    const times = begin(600_000);
    // Signed by a clock that is ahead: it stays within the window the longest.
    expect(times.use(START + WINDOW_MS, 'one')).toBe('new');
    for (let waited = 0; waited < 2 * WINDOW_MS; waited += 10_000) {
      expect(times.use(START + WINDOW_MS, 'one')).toBe('replayed');
      pass(10_000);
    }
    pass(1);
    expect(times.use(START + WINDOW_MS, 'one')).toBe('clock');
  });

  test.each([
    [-WINDOW_MS, 'new'],
    [-WINDOW_MS - 1, 'clock'],
    [WINDOW_MS, 'new'],
    [WINDOW_MS + 1, 'clock'],
  ])('signed %i ms from now: %s', (apart, freshness) => {
    expect(begin(600_000).use(START + apart, 'one')).toBe(freshness);
  });

  test('not where it was signed before this process began, which cannot know what was used', () => {
    const times = begin(5_000);
    expect(times.use(START - 5_001, 'one')).toBe('before-start');
    expect(times.use(START - 4_999, 'one')).toBe('new');
  });

  test('also after the worker’s clock was set right: a start noted by the wrong one would lie in the future', () => {
    const times = begin(1_000);
    pass(1_000);
    at.now -= 3_600_000;
    expect(times.use(at.now, 'one')).toBe('new');
  });

  test('as long as it can be remembered: none is forgotten to make room', () => {
    const times = begin(600_000);
    for (let number = 0; number < 100_000; number++) times.use(START, `n${number}`);
    expect(times.use(START, 'one more')).toBe('crowded');
    expect(times.use(START, 'n0')).toBe('replayed');
    pass(2 * WINDOW_MS + 1);
    expect(times.use(at.now, 'one more')).toBe('new');
  });
});
