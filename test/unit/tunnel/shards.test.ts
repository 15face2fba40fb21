import { expect, test } from 'vitest';
import { type Seen, type Shard, Shards } from '../../../src/tunnel/shards.ts';
import { Seeded } from '../../seeded.ts';

const shard = (name: string): Shard => ({ name, address: { host: name, port: 4822 } });
const [first, second, third] = [shard('first'), shard('second'), shard('third')];
const MINUTE = 60_000;

function seen(shards: Shards, which: Shard, ...looks: readonly Seen[]): (string | undefined)[] {
  return looks.map((look, at) => shards.note(which, look, at * 1000));
}

test('the one that holds fewest takes the next connection', () => {
  const shards = new Shards([first, second, third]);
  expect([shards.take(), shards.take(), shards.take(), shards.take()]).toEqual([first, second, third, first]);
  shards.give(second);
  shards.give(second);
  expect(shards.take()).toBe(second);
});

test('one look without an answer keeps new connections away and takes nothing from it', () => {
  const shards = new Shards([first, second]);
  expect(seen(shards, first, 'silent')).toEqual([undefined]);
  expect([shards.take(), shards.take()]).toEqual([second, second]);
  expect(shards.serves(first)).toBe(true);
});

test('two looks without an answer take it out; the first answer takes it in again', () => {
  const shards = new Shards([first, second]);
  expect(seen(shards, first, 'away', 'away')).toEqual([undefined, 'out']);
  expect([shards.serves(first), shards.serves(second)]).toEqual([false, true]);
  expect(shards.complaints()).toEqual(['first does not answer; the others serve its desktops']);
  expect(seen(shards, first, 'answered')).toEqual(['in']);
  expect(shards.complaints()).toEqual([]);
});

test('a lone guacd is never given up, and its silence is no matter of the others', () => {
  const shards = new Shards([first]);
  seen(shards, first, 'away', 'away', 'away');
  expect([shards.serves(first), shards.someServe(), shards.complaints()]).toEqual([true, false, []]);
  expect(shards.take()).toBe(first);
});

test('one that hangs is started anew at the fourth look; one that is gone is the engine’s to start', () => {
  const shards = new Shards([first, second]);
  expect(seen(shards, first, 'silent', 'silent', 'silent', 'silent')).toEqual([undefined, 'out', undefined, 'restart']);
  expect(seen(shards, second, 'away', 'away', 'away', 'away')).not.toContain('restart');
});

test('a restart that does not help is not tried again before a minute has gone', () => {
  const shards = new Shards([first]);
  const turns = Array.from({ length: 90 }, (_, second_) => shards.note(first, 'silent', second_ * 1000));
  expect(turns.flatMap((turn, at) => (turn === 'restart' ? [at] : []))).toEqual([3, 63]);
  expect(shards.note(first, 'silent', 3 * MINUTE)).toBe('restart');
});

test('whatever is seen: never out while all are out, counts never below nothing, a doubtful one only where all are', () => {
  const random = new Seeded(20_261_123);
  for (let round = 0; round < 300; round++) {
    const all = [first, second, third].slice(0, 1 + (round % 3));
    const shards = new Shards(all);
    const held: Shard[] = [];
    for (let step = 0; step < 60; step++) {
      const which = all[Math.floor(random.next() * all.length)] ?? first;
      const dice = random.next();
      if (dice < 0.4) {
        const taken = shards.take();
        const sound = all.filter((one) => !shards.isInDoubt(one));
        if (sound.length > 0) expect(sound).toContain(taken);
        held.push(taken);
      } else if (dice < 0.6) {
        const given = held.pop();
        if (given) shards.give(given);
      } else shards.note(which, dice < 0.75 ? 'silent' : dice < 0.85 ? 'away' : 'answered', step * 1000);
      expect(all.some((one) => shards.serves(one))).toBe(true);
      const told = shards.report().map((one) => one.held);
      expect(told).toEqual(all.map((one) => held.filter((other) => other === one).length));
    }
  }
});
