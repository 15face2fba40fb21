import type { Instruction } from './instruction.ts';

/**
 * What a student's browser may say to guacd. Everything else (clipboard, files, pipes, audio in, argument changes) is
 * dropped: the exam has no use for it and a desktop could leak through it.
 */
const ALLOWED = new Set(['key', 'mouse', 'touch', 'size', 'sync', 'ack', 'nop', 'disconnect']);

/** A proctor only looks: he keeps the connection alive and nothing else. */
const WATCHER_ALLOWED = new Set(['sync', 'ack', 'nop', 'disconnect']);

export function mayPass(instruction: Instruction, readOnly: boolean): boolean {
  const [opcode, ...args] = instruction;
  if (!(readOnly ? WATCHER_ALLOWED : ALLOWED).has(opcode)) return false;
  return opcode !== 'size' || isWindow(args);
}

// The contract's limits for the query hold for later changes of the window too.
function isWindow([width, height]: readonly string[]): boolean {
  return within(Number(width), 200, 7680) && within(Number(height), 200, 4320);
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
