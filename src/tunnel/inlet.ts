import { connect, type Socket } from 'node:net';
import type { GuacdAddress } from './guacd.ts';

/**
 * Takes what one read gives, of all connections: Node reads into it and calls back in the same turn, so it holds bytes of
 * one of them at a time. A buffer of its own for each read, as Node makes them, costs more than reading and sending
 * together (docs/performance.md).
 */
const READ = Buffer.allocUnsafeSlow(128 * 1024);

/** A connection to guacd: an ordinary stream until somebody takes its bytes as they are read. */
export class Inlet {
  readonly socket: Socket;
  #take: ((bytes: Buffer) => void) | undefined;

  constructor(address: GuacdAddress) {
    const onread = { buffer: READ, callback: (size: number) => this.#read(READ.subarray(0, size)) };
    this.socket = connect({ ...address, noDelay: true, keepAlive: true, onread });
  }

  /**
   * From now on `take` gets all bytes, those that wait already first. It may look at them only during the call, and must
   * not rise.
   */
  take(take: (bytes: Buffer) => void): void {
    this.#take = take;
    for (let early = this.socket.read(); early !== null; early = this.socket.read()) take(early);
    this.socket.resume();
  }

  #read(bytes: Buffer): boolean {
    if (!this.#take) return this.socket.push(Buffer.from(bytes));
    this.#take(bytes);
    return true;
  }
}
