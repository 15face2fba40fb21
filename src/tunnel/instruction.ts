/** One instruction of the Guacamole protocol: an opcode and its arguments. */
export type Instruction = readonly [opcode: string, ...args: string[]];

/** Longest instruction that either side may send, in characters; guacd's own limit is 8192. */
export const LONGEST_INSTRUCTION = 65_536;

/** The text is not of the Guacamole protocol. */
export class MalformedInstruction extends Error {
  override name = 'MalformedInstruction';
}

/** Lengths count code points, as guacd counts them. */
export function encode(instruction: Instruction): string {
  return `${instruction.map((element) => `${codePoints(element)}.${element}`).join(',')};`;
}

/**
 * Reads every complete instruction from the start of `text`.
 * @returns them and how many UTF-16 units they took; what is left is the start of one still to come
 * @throws MalformedInstruction
 */
export function decode(text: string): { readonly instructions: Instruction[]; readonly read: number } {
  const instructions: Instruction[] = [];
  let read = 0;
  let at = 0;
  let elements: string[] = [];
  while (at < text.length) {
    if (at - read > LONGEST_INSTRUCTION) throw new MalformedInstruction('instruction too long');
    const dot = text.indexOf('.', at);
    const digits = text.slice(at, dot === -1 ? at + 6 : dot);
    if (!/^\d{0,5}$/.test(digits)) throw new MalformedInstruction('no length where one must be');
    if (dot === -1) break;
    if (digits === '') throw new MalformedInstruction('empty length');
    const end = endOfElement(text, dot + 1, Number(digits));
    if (end === undefined) break;
    elements.push(text.slice(dot + 1, end));
    at = end + 1;
    if (text[end] === ';') {
      instructions.push(elements as unknown as Instruction);
      elements = [];
      read = at;
    }
  }
  return { instructions, read };
}

/** Where the element of this length ends: at its `,` or `;`. Undefined while that has not come yet. */
function endOfElement(text: string, start: number, length: number): number | undefined {
  const byPoints = afterCodePoints(text, start, length);
  if (byPoints !== undefined && isBorder(text[byPoints])) return byPoints;
  // guacamole-common-js up to 1.5 counts UTF-16 units, so that an emoji counts twice.
  const byUnits = start + length;
  if (isBorder(text[byUnits])) return byUnits;
  if (byPoints === undefined || byPoints >= text.length) return undefined;
  throw new MalformedInstruction('element does not end where its length says');
}

function afterCodePoints(text: string, start: number, count: number): number | undefined {
  let at = start;
  for (let left = count; left > 0; left--) {
    const point = text.codePointAt(at);
    if (point === undefined) return undefined;
    at += point > 0xffff ? 2 : 1;
  }
  return at;
}

function isBorder(unit: string | undefined): boolean {
  return unit === ',' || unit === ';';
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
