import { beforeEach, describe, expect, test } from 'vitest';
import { Breaker } from '../../../src/docker/breaker.ts';
import { EngineDown } from '../../../src/pool/ports.ts';

let now: number;
let slept: number[];
let asked: number;
let answers: () => Promise<string>;
let breaker: Breaker;

const silent = () => Promise.reject(new EngineDown('nobody'));
const heard = () => Promise.resolve('here');
const call = () => {
  asked++;
  return answers();
};
const fail = () => expect(breaker.ask(call)).rejects.toThrow(EngineDown);

beforeEach(() => {
  now = 1_000;
  slept = [];
  asked = 0;
  answers = silent;
  breaker = new Breaker({
    clock: () => now,
    random: () => 0.5,
    sleep: async (ms) => {
      slept.push(ms);
      now += ms;
    },
  });
});

describe('an engine that does not answer', () => {
  test('is spared after three calls in a row; the next rise at once and say when', async () => {
    for (let times = 0; times < 3; times++) await fail();
    expect(breaker.state).toEqual({ answers: false, failures: 3, retryInMs: 500 });
    await expect(breaker.ask(call)).rejects.toThrow('trying again in 1 s');
    expect(asked).toBe(3);
  });

  test('is tried by one at a time, and rests longer each time it does not answer, up to four seconds', async () => {
    for (let times = 0; times < 3; times++) await fail();
    const rests: number[] = [];
    for (let times = 0; times < 6; times++) {
      const rest = breaker.state.retryInMs;
      rests.push(rest);
      now += rest;
      const before = asked;
      const tried = fail();
      await fail();
      await tried;
      expect(asked - before, 'the second was spared').toBe(1);
    }
    expect(rests).toEqual([500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  });

  test('that answers one is asked by all again', async () => {
    for (let times = 0; times < 3; times++) await fail();
    now += 500;
    answers = heard;
    expect(await breaker.ask(call)).toBe('here');
    expect(await Promise.all([breaker.ask(call), breaker.ask(call)])).toEqual(['here', 'here']);
    expect(breaker.state).toEqual({ answers: true, failures: 0, retryInMs: 0 });
  });

  test('and is heard by another way is asked at once', async () => {
    for (let times = 0; times < 3; times++) await fail();
    breaker.heard();
    answers = heard;
    expect(await breaker.ask(call)).toBe('here');
  });

  test('a call that hangs while it is tried does not shut the others out for ever', async () => {
    for (let times = 0; times < 3; times++) await fail();
    now += 500;
    answers = () => new Promise(() => undefined);
    void breaker.ask(call);
    answers = heard;
    await fail();
    now += 5_000;
    expect(await breaker.ask(call)).toBe('here');
  });
});

test('an answer that says no is an answer', async () => {
  answers = () => Promise.reject(Object.assign(new Error('no such container'), { statusCode: 404 }));
  for (let times = 0; times < 10; times++) await expect(breaker.ask(call)).rejects.toThrow('no such container');
  expect([asked, breaker.state.answers]).toEqual([10, true]);
});

describe('a call that may be made twice', () => {
  test('is made again after a moment when the connection was cut', async () => {
    answers = () => (asked === 1 ? silent() : heard());
    expect(await breaker.askAgain(call)).toBe('here');
    expect([asked, slept]).toEqual([2, [100]]);
  });

  test('three times at most, and not when it waited long for nothing', async () => {
    await expect(breaker.askAgain(call)).rejects.toThrow(EngineDown);
    expect(asked).toBe(3);
    breaker.heard();
    asked = 0;
    answers = () => {
      now += 5_000;
      return silent();
    };
    await expect(breaker.askAgain(call)).rejects.toThrow(EngineDown);
    expect(asked).toBe(1);
  });

  test('and not after an answer', async () => {
    answers = () => Promise.reject(new Error('conflict'));
    await expect(breaker.askAgain(call)).rejects.toThrow('conflict');
    expect(asked).toBe(1);
  });
});
