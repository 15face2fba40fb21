import { describe, expect, test } from 'vitest';
import { Borders } from '../../../src/tunnel/borders.ts';
import { decode, encode, type Instruction, MalformedInstruction } from '../../../src/tunnel/instruction.ts';
import { readScreen } from '../../../src/tunnel/screen.ts';
import { forSeeds, type Seeded } from '../../seeded.ts';

// One, two, three and four bytes in UTF-8; the last two are surrogate pairs. Signs of the protocol itself are among them.
const PLAIN = [...'abz059.,;- '];
const MANY_BYTES = ['é', 'ế', 'Đ', '中', '\u0301'];
const PAIRS = ['😀', '𝒳'];

function instruction(random: Seeded, signs: readonly string[]): Instruction {
  const element = () => Array.from({ length: random.whole(0, 12) }, () => random.pick(signs)).join('');
  return [random.pick(['key', 'blob', 'sync', '']), ...Array.from({ length: random.whole(0, 4) }, element)];
}

/** What guacamole-common-js 1.5 sends: lengths in UTF-16 units. */
const encodeAsClient = (each: Instruction): string => `${each.map((part) => `${part.length}.${part}`).join(',')};`;

describe('an instruction', () => {
  test.each<[Instruction, string]>([
    [['nop'], '3.nop;'],
    [['', 'ping', '1'], '0.,4.ping,1.1;'],
    [['key', '65', '1'], '3.key,2.65,1.1;'],
    [['name', 'Nguyễn'], '4.name,6.Nguyễn;'],
    [['name', '😀'], '4.name,1.😀;'],
    [['name', 'a,b;c.d'], '4.name,7.a,b;c.d;'],
  ])('%j is written with its length in code points', (each, text) => {
    expect(encode(each)).toBe(text);
    expect(decode(text)).toEqual({ instructions: [each], read: text.length });
  });

  test('reads back as what was written, whatever is in it', () =>
    forSeeds(3_000, (random) => {
      const each = Array.from({ length: random.whole(1, 4) }, () =>
        instruction(random, [...PLAIN, ...MANY_BYTES, ...PAIRS]),
      );
      const text = each.map(encode).join('');
      expect(decode(text)).toEqual({ instructions: each, read: text.length });
    }));

  // With three and more in one element the two ways of counting cannot be told apart by the text alone. Nothing that a
  // student's browser may send has an emoji in it (see what may pass), so there a wrong guess costs nothing.
  test('of guacamole-common-js 1.5, which counts an emoji twice, reads the same with up to two in an element', () =>
    forSeeds(3_000, (random) => {
      const each = Array.from({ length: random.whole(1, 4) }, () =>
        instruction(random, [...'abz059', ...MANY_BYTES, ...PAIRS]),
      ).filter((one) => one.every((element) => [...element].filter((sign) => PAIRS.includes(sign)).length <= 2));
      const text = each.map(encodeAsClient).join('');
      expect(decode(text)).toEqual({ instructions: each, read: text.length });
    }));

  test('that has not come whole is waited for, at every place where it may be cut', () => {
    const text = '3.key,2.65,1.1;4.name,6.Nguyễn;';
    for (let at = 0; at < text.length; at++) {
      const { instructions, read } = decode(text.slice(0, at));
      expect(read).toBe(at >= 15 ? 15 : 0);
      expect(instructions).toHaveLength(at >= 15 ? 1 : 0);
    }
  });
});

const MALFORMED = [
  'hello',
  'x.nop;',
  '3;nop;',
  '3.nopx',
  '2.nop;',
  '4.nop;3.nop;',
  '-1.a;',
  '.nop;',
  ',',
  ';',
  '3.nop;;',
  '3.nop,;',
  ' 3.nop;',
  '99999999.a',
  '3,nop;',
  '3.nop.',
];

describe('malformed text always rises, never hangs', () => {
  test.each(MALFORMED)('%j', (text) => {
    expect(() => decode(text)).toThrow(MalformedInstruction);
    expect(() => new Borders().push(Buffer.from(text))).toThrow(MalformedInstruction);
  });

  test('an instruction without end rises before it fills the memory', () => {
    const borders = new Borders();
    const element = Buffer.from(`1000.${'a'.repeat(1000)},`);
    expect(() => {
      for (let each = 0; each < 1000; each++) borders.push(element);
    }).toThrow(MalformedInstruction);
    expect(() => decode(element.toString().repeat(1000))).toThrow(MalformedInstruction);
  });
});

/** Pushes `bytes` in chunks of random sizes. @returns where the last border was; 'malformed' when it rose */
function bordersOf(bytes: Buffer, random: Seeded): number | 'malformed' {
  const borders = new Borders();
  let complete = 0;
  try {
    for (let at = 0; at < bytes.length; ) {
      const size = random.chance(0.5) ? random.whole(1, 3) : random.whole(1, 60);
      const found = borders.push(bytes.subarray(at, at + size));
      if (found > 0) complete = at + found;
      at += size;
    }
    return complete;
  } catch (error) {
    if (error instanceof MalformedInstruction) return 'malformed';
    throw error;
  }
}

function decodedBytes(text: string): number | 'malformed' {
  try {
    return Buffer.byteLength(text.slice(0, decode(text).read));
  } catch (error) {
    if (error instanceof MalformedInstruction) return 'malformed';
    throw error;
  }
}

describe('borders in a stream of bytes', () => {
  test('are those that decode finds, however the bytes are cut, also inside characters', () =>
    forSeeds(6_000, (random) => {
      const signs = [...PLAIN, ...MANY_BYTES, ...(random.chance(0.5) ? PAIRS : [])];
      const text = Array.from({ length: random.whole(1, 6) }, () => encode(instruction(random, signs))).join('');
      expect(bordersOf(Buffer.from(text), random)).toBe(Buffer.byteLength(text));
      expect(decodedBytes(text)).toBe(Buffer.byteLength(text));
    }));

  test('are those that decode finds in spoilt text too: both rise, or both wait', () =>
    forSeeds(10_000, (random) => {
      const text = Array.from({ length: random.whole(1, 3) }, () =>
        encode(instruction(random, [...PLAIN, ...MANY_BYTES])),
      );
      const signs = [...text.join('')];
      for (let times = random.whole(1, 2); times > 0; times--) {
        const at = random.whole(0, signs.length - 1);
        signs.splice(at, random.whole(0, 1), ...(random.chance(0.7) ? [random.pick([...PLAIN, ...MANY_BYTES])] : []));
      }
      const spoilt = signs.join('');
      // A length of five digits is waited for by one and refused by the other; both end at their limit.
      if (/\d{5}/.test(spoilt)) return;
      expect(bordersOf(Buffer.from(spoilt), random), spoilt).toBe(decodedBytes(spoilt));
    }));

  test('random bytes never hang it', () =>
    forSeeds(500, (random) => {
      const bytes = Buffer.from(Array.from({ length: 200 }, () => random.whole(0, 255)));
      expect(['malformed', 0]).toContain(bordersOf(bytes, random));
    }));
});

test.each([
  ['nothing given: the contract’s defaults', '', [1600, 900, 96]],
  ['within the limits: as it is', 'width=1280&height=720&dpi=120', [1280, 720, 120]],
  ['the limits themselves', 'width=640&height=4320&dpi=300', [640, 4320, 300]],
  ['too small: the least', 'width=1&height=-5&dpi=0', [640, 480, 72]],
  ['too large: the most', 'width=99999&height=99999&dpi=1e9', [7680, 4320, 300]],
  ['no number: the default', 'width=wide&height=&dpi=NaN', [1600, 900, 96]],
  ['endless: the default', 'width=Infinity&height=-Infinity&dpi=Infinity', [1600, 900, 96]],
  ['parts of a pixel are rounded: guacd takes whole ones', 'width=1279.6&height=720.4', [1280, 720, 96]],
])('the screen, %s', (_rule, query, [width, height, dpi]) => {
  expect(readScreen(new URLSearchParams(query))).toEqual({ width, height, dpi });
});
