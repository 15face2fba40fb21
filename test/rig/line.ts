import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A line to a server that a test can cut, leave dead or mend, on an address that stays the same. */
export class Line {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #target: { host: string; port: number };
  #isDead = false;
  port = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  /** Connections go through (again). */
  async mend(target = this.#target): Promise<this> {
    this.#target = target;
    this.#isDead = false;
    if (this.#server) return this;
    this.#server = createServer((client) => this.#join(client)).listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Connections break, new ones are refused. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server && once(server.close(), 'close');
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Connections that there are break; new ones are taken, and nothing ever comes back. */
  hang(): void {
    this.#isDead = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    this.#keep(client);
    if (this.#isDead) return;
    const server = this.#keep(connect(this.#target));
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
