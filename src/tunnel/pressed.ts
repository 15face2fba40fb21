import type { Instruction } from './instruction.ts';

/** More than hands hold. A browser that claims more lets go of the rest itself. */
const MOST_KEYS = 32;

/**
 * What a browser holds down. Its connection may break before it says that it lets go, and nobody else can: the desktop
 * would repeat a letter for ever, or write all that comes after it with Shift.
 */
export class Pressed {
  readonly #keys = new Set<number>();
  #mouseAt: readonly [x: string, y: string] | undefined;

  /** Takes what passes to the desktop. */
  note([opcode, ...args]: Instruction): void {
    if (opcode === 'key') this.#noteKey(Number(args[0]), args[1] === '0');
    // Numbers, not texts: a part of a text would keep the whole message in memory.
    if (opcode === 'mouse')
      this.#mouseAt = args[2] === '0' ? undefined : [String(Number(args[0])), String(Number(args[1]))];
  }

  /** What its hands would say on letting go of everything. */
  letGo(): Instruction[] {
    const keys = [...this.#keys].map((keysym): Instruction => ['key', String(keysym), '0']);
    const buttons: Instruction[] = this.#mouseAt ? [['mouse', ...this.#mouseAt, '0']] : [];
    this.#keys.clear();
    this.#mouseAt = undefined;
    return [...keys, ...buttons];
  }

  #noteKey(keysym: number, isUp: boolean): void {
    if (isUp) this.#keys.delete(keysym);
    else if (Number.isInteger(keysym) && this.#keys.size < MOST_KEYS) this.#keys.add(keysym);
  }
}
