import type { Seeded } from '../seeded.ts';
import { bytes, instructions, spoil, words } from './fuzz-spoil.ts';

const MASK = [1, 2, 3, 4];

export interface FrameShape {
  readonly opcode?: number;
  readonly fin?: boolean;
  /** Bits of compression and of nothing that is known. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** Another length than it has. */
  readonly says?: number;
}

/** One WebSocket frame as a client sends it, or as none may. */
export function frame(
  payload: Buffer,
  { opcode = 1, fin = true, reserved = 0, masked = true, says }: FrameShape = {},
): Buffer {
  const length = says ?? payload.length;
  const mask = masked ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const head =
    length < 126
      ? Buffer.from([first, mask | length])
      : length < 65_536
        ? Buffer.from([first, mask | 126, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([first, mask | 127]), eightBytes(length)]);
  if (!masked) return Buffer.concat([head, payload]);
  return Buffer.concat([head, Buffer.from(MASK), payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0))]);
}

function eightBytes(length: number): Buffer {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64BE(BigInt(length));
  return eight;
}

/** Frames that no browser sends, or sends rarely. */
export function oddFrames(random: Seeded): Buffer {
  const text = Buffer.from(instructions(random));
  const half = random.whole(0, text.length);
  return random.pick([
    () => frame(text, { masked: false }),
    () => frame(text, { reserved: random.whole(1, 7) }),
    () => frame(text, { opcode: random.whole(3, 7) }),
    () => frame(text, { opcode: random.whole(11, 15) }),
    () => frame(text, { opcode: 2 }),
    () => frame(text, { opcode: 0 }),
    () => frame(Buffer.concat([text, Buffer.from([0xff, 0xc0, 0x80])])),
    () => frame(bytes(random, 200)),
    () => frame(text, { says: random.pick([0, 1, 125, 65_535, 65_537, 2 ** 31, 2 ** 53 - 1]) }),
    () => frame(Buffer.alloc(random.pick([126, 200, 5_000])), { opcode: random.pick([8, 9, 10]) }),
    () => frame(bytes(random, 60), { opcode: random.pick([8, 9, 10]), fin: random.chance(0.7) }),
    () => frame(Buffer.alloc(random.pick([65_536, 65_537, 100_000]), 0x61)),
    // In pieces: right ones, with a control frame in between, begun twice, never ended.
    () => Buffer.concat([frame(text.subarray(0, half), { fin: false }), frame(text.subarray(half), { opcode: 0 })]),
    () =>
      Buffer.concat([
        frame(text.subarray(0, half), { fin: false }),
        frame(Buffer.from(words(random, 20)), { opcode: 9 }),
        frame(text.subarray(half), { opcode: 0 }),
      ]),
    () => Buffer.concat([frame(text, { fin: false }), frame(text)]),
    () =>
      Buffer.concat(
        Array.from({ length: random.whole(2, 200) }, (_, at) =>
          frame(Buffer.from('1'), { opcode: at === 0 ? 1 : 0, fin: false }),
        ),
      ),
    () => spoil(random, frame(text)),
    () => bytes(random, 300),
  ])();
}

/** Frames as they must be, around text that may be anything. */
export function oddText(random: Seeded): Buffer {
  const text = Buffer.from(instructions(random));
  return random.pick([
    () => frame(text),
    () => frame(text),
    () => frame(Buffer.from(words(random, 60))),
    () => frame(Buffer.from(spoil(random, text).toString('utf8'))),
    () => {
      const [whole, at] = [text.toString('utf8'), random.whole(0, text.length)];
      return Buffer.concat([frame(Buffer.from(whole.slice(0, at))), frame(Buffer.from(whole.slice(at)))]);
    },
    () => frame(Buffer.from(`${random.whole(0, 70_000)}.${'a'.repeat(random.whole(0, 60_000))};`)),
    () => frame(Buffer.from(instructions(random).repeat(random.whole(1, 200)).slice(0, 60_000))),
    () =>
      Buffer.concat(
        Array.from({ length: random.whole(1, 40) }, () => frame(Buffer.from(`0.,4.ping,1.${random.whole(0, 9)};`))),
      ),
  ])();
}
