import { expect, test } from 'vitest';
import { FirstPicture } from '../../../src/tunnel/first-picture.ts';
import { encode, type Instruction } from '../../../src/tunnel/instruction.ts';

const message = (...instructions: Instruction[]) => Buffer.from(instructions.map(encode).join(''));
const image = (stream: string, layer: string): Instruction => ['img', stream, '14', layer, 'image/png', '0', '0'];
const blob = (stream: string): Instruction => ['blob', stream, 'iVBORw0KGgo='];

test('is whole when the stream of the screen ends, not a cursor’s, and only once', () => {
  const picture = new FirstPicture();
  expect(picture.endsIn(message(['size', '-1', '32', '32'], image('0', '-1'), blob('0'), ['end', '0']))).toBe(false);
  expect(picture.endsIn(message(['size', '0', '1280', '800'], image('1', '0'), blob('1')))).toBe(false);
  expect(picture.endsIn(message(blob('1')))).toBe(false);
  expect(picture.endsIn(message(blob('1'), ['end', '1'], ['sync', '123']))).toBe(true);
  expect(picture.endsIn(message(image('2', '0'), blob('2'), ['end', '2']))).toBe(false);
});

test('is not looked for in all that follows when none comes', () => {
  const picture = new FirstPicture();
  for (let sent = 0; sent <= 2 * 1024 * 1024; sent += 6_000) picture.endsIn(message(['blob', '9', 'A'.repeat(6_000)]));
  expect(picture.endsIn(message(image('1', '0'), blob('1'), ['end', '1']))).toBe(false);
});
