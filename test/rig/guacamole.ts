import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import WebSocket from 'ws';

const require = createRequire(import.meta.url);

/**
 * guacamole-common-js as it is published, in a window of nothing but timers and WebSockets. Apache's own module on npm ends
 * with 1.5.0, which reads each message for itself and counts UTF-16 units; from 1.5.2 on (1.6 too) a parser counts code
 * points. The newer one is a repackaging by others, named 1.6.0 and 1.5.3 inside: parser and tunnel are Apache's of after 1.5.2.
 */
const LIBRARIES = {
  '1.5': require.resolve('guacamole-common-js'),
  '1.6': require.resolve('@glokon/guacamole-common-js'),
} as const;

export type LibraryVersion = keyof typeof LIBRARIES;

/** The library for a page that imports it, its own text untouched. */
export function libraryModule(version: LibraryVersion): string {
  const text = readFileSync(LIBRARIES[version], 'utf8');
  return `const module = { exports: {} };\n${text}\nexport default module.exports;\n`;
}

export type Instruction = readonly [opcode: string, ...args: string[]];

// biome-ignore lint/suspicious/noExplicitAny: a library without types of its own
function load(file: string): any {
  const window = { setTimeout, clearTimeout, setInterval, clearInterval, location: { protocol: 'http:', host: '' } };
  const module = { exports: {} };
  runInNewContext(readFileSync(file, 'utf8'), { module, window, WebSocket, console });
  return module.exports;
}

/** The library's own tunnel, opened; keeps what it hands on. */
export class LibraryTunnel {
  // biome-ignore lint/suspicious/noExplicitAny: see load
  readonly tunnel: any;
  readonly heard: Instruction[] = [];
  /** Status with which it closed; 0 when nothing was wrong. */
  status: { readonly code: number } | undefined;
  isClosed = false;
  isUnstable = false;

  constructor(version: LibraryVersion, url: string, query: string) {
    const library = load(LIBRARIES[version]);
    this.tunnel = new library.WebSocketTunnel(`${url.replace('http', 'ws')}/guaclite`);
    this.tunnel.oninstruction = (opcode: string, args: string[]) => this.heard.push([opcode, ...args]);
    this.tunnel.onerror = (status: { code: number }) => {
      this.status = status;
    };
    this.tunnel.onstatechange = (state: number) => {
      if (state === library.Tunnel.State.CLOSED) this.isClosed = true;
      if (state === library.Tunnel.State.UNSTABLE) this.isUnstable = true;
    };
    this.tunnel.connect(query);
  }

  get uuid(): string | null {
    return this.tunnel.uuid;
  }

  say(...elements: readonly (string | number)[]): void {
    this.tunnel.sendMessage(...elements);
  }

  close(): void {
    this.tunnel.disconnect();
  }
}
