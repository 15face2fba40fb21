import { encode } from '../../src/tunnel/instruction.ts';

const FRAME_BYTES = 2_000;
const STAMP = /4\.sync,16\.(\d{16});/g;

/** On a clock that all processes of this machine share. */
export function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** A small update of the screen whose closing sync carries the time. */
export function frame(recording: Buffer, now: number): string {
  const image = recording.toString('latin1', 0, FRAME_BYTES).replace(/[^A-Za-z0-9+/]/g, 'A');
  return encode(['blob', '1', image]) + encode(['end', '1']) + encode(['sync', String(now).padStart(16, '0')]);
}

/** Microseconds since each frame that ends here was sent; several may come in one message. Of a large one nothing. */
export function ages(message: Buffer): number[] {
  if (message.length > FRAME_BYTES * 8) return [];
  const now = microseconds();
  return [...message.toString('latin1').matchAll(STAMP)].map(([, sent]) => now - Number(sent));
}
