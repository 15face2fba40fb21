import { encode, type Instruction } from '../../src/tunnel/instruction.ts';
import type { Seeded } from '../seeded.ts';

const ODD = ['\0', '😀', '\u202e', 'ế', '\ufeff', '\u0301', '.', ',', ';', '0', '-', ' ', '\n'];
const NUMBERS = [
  '0',
  '-1',
  '1e9',
  '99999',
  '65537',
  '4294967296',
  '9007199254740993',
  'NaN',
  '',
  '00000003',
  '3.5',
  '+3',
];
const OPCODES = [
  'key',
  'mouse',
  'touch',
  'size',
  'sync',
  'ack',
  'nop',
  '',
  'clipboard',
  'blob',
  'end',
  'file',
  'pipe',
  'put',
];
const OTHERS = [
  'audio',
  'argv',
  'connect',
  'select',
  'args',
  'error',
  'ready',
  'img',
  'constructor',
  '__proto__',
  'disconnect',
];

/** Some text of up to `most` signs. */
export function words(random: Seeded, most: number): string {
  const sign = (): string => (random.chance(0.2) ? random.pick(ODD) : String.fromCharCode(random.whole(32, 126)));
  return Array.from({ length: random.whole(0, most) }, sign).join('');
}

export function bytes(random: Seeded, most: number): Buffer {
  return Buffer.from(Array.from({ length: random.whole(0, most) }, () => random.whole(0, 255)));
}

/** The same bytes with a few changed, lost, doubled, or cut off. */
export function spoil(random: Seeded, whole: Buffer): Buffer {
  let spoilt = Buffer.from(whole);
  for (let times = random.whole(1, 4); times > 0 && spoilt.length > 0; times--) {
    const at = random.whole(0, spoilt.length - 1);
    const length = random.whole(0, Math.min(16, spoilt.length - at));
    const [before, there, after] = [
      spoilt.subarray(0, at),
      spoilt.subarray(at, at + length),
      spoilt.subarray(at + length),
    ];
    spoilt = random.pick([
      () => Buffer.concat([before, Buffer.from([random.whole(0, 255)]), spoilt.subarray(at + 1)]),
      () => Buffer.concat([before, bytes(random, 8), after]),
      () => Buffer.concat([before, there, there, after]),
      () => Buffer.concat([before, after]),
      () => before,
    ])();
  }
  return spoilt;
}

/** Some instructions, whole or with lengths that lie. */
export function instructions(random: Seeded): string {
  const argument = (): string =>
    random.pick([() => random.pick(NUMBERS), () => words(random, 12), () => String(random.whole(0, 5000))])();
  const one = (): string => {
    const opcode = random.chance(0.7) ? random.pick(OPCODES) : random.pick(OTHERS);
    const each: Instruction = [opcode, ...Array.from({ length: random.whole(0, 5) }, argument)];
    // Not two in a hundred lie: a tunnel that is closed at once meets nothing else.
    return random.chance(0.02) ? each.map((part) => `${random.pick(NUMBERS)}.${part}`).join(',') : encode(each);
  };
  return Array.from({ length: random.whole(1, 4) }, one).join('');
}
