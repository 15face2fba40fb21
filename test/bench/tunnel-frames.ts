import { encode } from '../../src/tunnel/instruction.ts';

const FRAME_BYTES = 2_000;
const STAMP = /4\.sync,16\.(\d{16});$/;

/** On a clock that all processes of this machine share. */
export function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** A small update of the screen whose closing sync carries the time. */
export function frame(recording: Buffer, now: number): string {
  const image = recording.toString('latin1', 0, FRAME_BYTES).replace(/[^A-Za-z0-9+/]/g, 'A');
  return encode(['blob', '1', image]) + encode(['end', '1']) + encode(['sync', String(now).padStart(16, '0')]);
}

/** Microseconds since the frame that ends here was sent; undefined when none ends here. */
export function age(message: Buffer): number | undefined {
  const stamp = STAMP.exec(message.toString('latin1', Math.max(0, message.length - 30)));
  return stamp ? microseconds() - Number(stamp[1]) : undefined;
}
