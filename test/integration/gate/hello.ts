import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';

/** The first bytes that Node's own TLS sends for a server name: a real ClientHello. */
export async function realHello(servername: string, version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connect({ host: '127.0.0.1', port, servername, minVersion: version, maxVersion: version });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

const two = (value: number) => Buffer.from([value >> 8, value & 255]);
export const record = (type: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, 3, 1]), two(body.length), body]);
export const extension = (type: number, body: Buffer): Buffer => Buffer.concat([two(type), two(body.length), body]);
export const serverName = (name: string): Buffer => {
  const entry = Buffer.concat([Buffer.from([0]), two(name.length), Buffer.from(name, 'latin1')]);
  return extension(0, Buffer.concat([two(entry.length), entry]));
};

/** A ClientHello's message, without its record, made of the extensions given. */
export function hello(...extensions: readonly Buffer[]): Buffer {
  const all = Buffer.concat(extensions);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    Buffer.from([0, 2, 0x13, 1, 1, 0]),
    two(all.length),
    all,
  ]);
  return Buffer.concat([Buffer.from([1, 0]), two(body.length), body]);
}

/** The same message over several records of at most `size` bytes each. */
export function records(message: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) parts.push(record(22, message.subarray(at, at + size)));
  return Buffer.concat(parts);
}

/** A real hello in one record, with one extension more. */
export function withExtension(real: Buffer, more: Buffer): Buffer {
  const message = real.subarray(5);
  let at = 4 + 2 + 32;
  at += 1 + message.readUInt8(at);
  at += 2 + message.readUInt16BE(at);
  at += 1 + message.readUInt8(at);
  const longer = Buffer.concat([message, more]);
  longer.writeUIntBE(longer.length - 4, 1, 3);
  longer.writeUInt16BE(message.readUInt16BE(at) + more.length, at);
  return record(22, longer);
}
