import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Where a server listens: an address, or the path of a socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** What is waited for on a line, and on which side of its being done. */
export interface Trap {
  /** Looked for in every piece that goes to the server. */
  readonly request: RegExp;
  /** The first request that fits, or a later one. */
  readonly nth: number;
  /** `before`: the server never gets it. `after`: the server has done it, and its answer never comes. */
  readonly side: 'before' | 'after';
}

/** A line to a server that a test can cut, leave dead or mend, on an address that stays the same. */
export class Line {
  readonly #sockets = new Set<Socket>();
  readonly #at: { readonly host: string } | { readonly path: string };
  #server: Server | undefined;
  #target: Place;
  #isDead = false;
  #trap: (Trap & { left: number; spring(): void }) | undefined;
  port = 0;
  /** Told of each piece that comes, and from which end. */
  onPiece: (from: 'client' | 'server') => void = () => undefined;

  /** @param at where it listens: on a free port of this address, or on a socket of this path */
  constructor(target: Place, at: { readonly host: string } | { readonly path: string } = { host: '127.0.0.1' }) {
    this.#target = target;
    this.#at = at;
  }

  /** Connections go through (again). */
  async mend(target = this.#target): Promise<this> {
    this.#target = target;
    this.#isDead = false;
    if (this.#server) return this;
    this.#server = createServer((client) => this.#join(client));
    this.#server.listen('path' in this.#at ? this.#at : { port: this.port, ...this.#at });
    await once(this.#server, 'listening');
    if (!('path' in this.#at)) this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Connections break, new ones are refused. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server && once(server.close(), 'close');
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if ('path' in this.#at) await rm(this.#at.path, { force: true });
  }

  /** Connections that there are break; new ones are taken, and nothing ever comes back. */
  hang(): void {
    this.#isDead = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Calls `spring` at exactly this moment, in the same turn of the event loop, and lets nothing of it through. */
  set(trap: Trap, spring: () => void): void {
    this.#trap = { ...trap, left: trap.nth, spring };
  }

  unset(): void {
    this.#trap = undefined;
  }

  #join(client: Socket): void {
    this.#keep(client);
    if (this.#isDead) return;
    const server = this.#keep(connect(this.#target));
    let caught: (() => void) | undefined;
    client.on('data', (piece: Buffer) => {
      this.onPiece('client');
      const trap = this.#caughtBy(piece);
      if (trap?.side === 'before') return trap.spring();
      if (trap) caught = trap.spring;
      if (!server.write(piece)) client.pause();
    });
    server.on('data', (piece: Buffer) => {
      this.onPiece('server');
      if (caught) return caught();
      if (!client.write(piece)) server.pause();
    });
    client.on('drain', () => server.resume()).on('end', () => server.end());
    server.on('drain', () => client.resume()).on('end', () => client.end());
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  #caughtBy(piece: Buffer): (Trap & { spring(): void }) | undefined {
    const trap = this.#trap;
    if (!trap?.request.test(piece.toString('latin1')) || --trap.left > 0) return undefined;
    this.#trap = undefined;
    return trap;
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
