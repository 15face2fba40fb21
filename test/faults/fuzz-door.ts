import { readToken, tokenKey } from '../../src/tunnel/token.ts';
import { contractToken, sealed } from '../rig/tunnel-client.ts';
import type { Seeded } from '../seeded.ts';
import { bytes, spoil, words } from './fuzz-spoil.ts';
import { RawTunnel, request } from './fuzz-tunnel.ts';

const ANSWER_MS = 8_000;
const HALF_A_REQUEST_MS = 30;
const SIZES = [
  '',
  '0',
  '-1',
  '640',
  '7680',
  '7681',
  '1e3',
  '1e999',
  'NaN',
  '１２８０',
  '1280.5',
  '0x500',
  ' 800 ',
  '999999999999',
];

/** What an attacker may know, and more: the key of the contract's token itself. */
export interface Knows {
  readonly port: number;
  readonly key: string;
  /** Address of a desktop that is somebody's, and that nobody sits at but this part. */
  readonly ip: string;
}

/** An address of this machine's own: the worker limits attempts by address, and here the attempts themselves are meant. */
export function somewhere(random: Seeded): string {
  return `127.${random.whole(1, 254)}.${random.whole(0, 255)}.${random.whole(1, 254)}`;
}

/** @returns what was wrong with how the worker took it */
export async function tryToken(random: Seeded, knows: Knows): Promise<string | undefined> {
  const token = random.pick([
    () => words(random, 100),
    () => bytes(random, 200).toString('base64'),
    () => spoil(random, Buffer.from(contractToken(knows.key, knows.ip))).toString('latin1'),
    () => spoil(random, Buffer.from(contractToken(knows.key, knows.ip), 'base64')).toString('base64'),
    () => contractToken('a key of somebody else', knows.ip),
    () =>
      contractToken(
        knows.key,
        random.pick(['127.0.0.1', 'localhost', '10.0.0.1', '::1', '', words(random, 20), `${knows.ip}\0`]),
      ),
    () => sealed(knows.key, oddClaim(random, knows.ip)),
    () =>
      sealed(
        knows.key,
        spoil(random, Buffer.from(JSON.stringify({ connection: { settings: { hostname: knows.ip } } }))).toString(
          'latin1',
        ),
      ),
    () =>
      Buffer.from(
        JSON.stringify({ iv: random.pick(['', 'AA==', 1, null, {}]), value: bytes(random, 40).toString('base64') }),
      ).toString('base64'),
    () => 'A'.repeat(random.whole(4_000, 15_000)),
  ])();
  const query = new URLSearchParams({ [random.chance(0.8) ? 'token' : 'connection']: token });
  if (random.chance(0.1)) query.append('token', words(random, 30));
  const jwt = random.chance(0.2)
    ? random.pick([words(random, 60), 'e30.e30.', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'])
    : undefined;
  if (jwt !== undefined) query.set('jwt', jwt);
  const mayOpen = jwt === undefined && readToken(query.get('token') ?? '', tokenKey(knows.key)) === knows.ip;
  const tunnel = new RawTunnel(knows.port, somewhere(random), request(query.toString()));
  return answered(tunnel, mayOpen);
}

/** Everything of the query but the token, which is right. */
export async function tryQuery(random: Seeded, knows: Knows): Promise<string | undefined> {
  const query = new URLSearchParams({ token: contractToken(knows.key, knows.ip) });
  for (const name of ['width', 'height', 'dpi'])
    if (random.chance(0.8)) query.append(name, random.chance(0.6) ? random.pick(SIZES) : words(random, 8));
  for (let times = random.whole(0, 3); times > 0; times--)
    query.append(
      random.pick(['hostname', 'port', 'enable-drive', 'read-only', '__proto__', words(random, 8)]),
      words(random, 20),
    );
  const tunnel = new RawTunnel(knows.port, somewhere(random), request(query.toString()));
  return answered(tunnel, true);
}

/** Bytes that are no request, or half of one. */
export async function tryRequest(random: Seeded, knows: Knows): Promise<string | undefined> {
  const whole = request(
    `token=${encodeURIComponent(contractToken(knows.key, '127.0.0.1'))}`,
    random.chance(0.3) ? `X-${words(random, 10)}: ${words(random, 200)}\r\n` : '',
  );
  const said = random.pick([
    () => spoil(random, Buffer.from(whole)),
    () =>
      Buffer.from(whole.replace(/GET \S+/, `${random.pick(['GET', 'POST', 'CONNECT', 'get'])} ${words(random, 50)}`)),
    () => Buffer.from(whole.replace(/Key: .*/, `Key: ${words(random, 30)}`)),
    () => Buffer.from(whole.replace(/Version: 13/, `Version: ${words(random, 4)}`)),
    () => Buffer.from(whole.replace(/Protocol: .*/, `Protocol: ${words(random, 30)}`)),
    () => Buffer.from(whole.replace(/\r\n\r\n$/, `\r\nSec-WebSocket-Extensions: ${words(random, 60)}\r\n\r\n`)),
    () => Buffer.concat([Buffer.from(whole), bytes(random, 200)]),
    () => bytes(random, 400),
  ])();
  const tunnel = new RawTunnel(knows.port, somewhere(random), said);
  await tunnel.until(() => tunnel.status !== '', HALF_A_REQUEST_MS);
  tunnel.close();
  return tunnel.has('') ? 'opened' : tunnel.wrong;
}

async function answered(tunnel: RawTunnel, mayOpen: boolean): Promise<string | undefined> {
  const isOver = (): boolean => tunnel.has('') || tunnel.has('error') || /^HTTP\/1.1 [2345]/.test(tunnel.status);
  await tunnel.until(isOver, ANSWER_MS);
  tunnel.close();
  if (tunnel.wrong) return tunnel.wrong;
  if (tunnel.has('')) return mayOpen ? undefined : 'a token that is none opened a desktop';
  if (tunnel.isClosed || isOver())
    return mayOpen && tunnel.has('error', '769') ? 'a right token was refused' : undefined;
  return `no answer within ${ANSWER_MS / 1000} s`;
}

function oddClaim(random: Seeded, ip: string): string {
  const hostname = random.pick<unknown>([ip, [ip], { ip }, 1, null, `${ip}:22`, ip.repeat(200)]);
  const settings = random.pick<unknown>([
    { hostname },
    [],
    null,
    'settings',
    { hostname, 'drive-path': '/', port: 22 },
  ]);
  return JSON.stringify(
    random.pick<unknown>([{ connection: { settings } }, { connection: [] }, [], null, 7, { settings }]),
  );
}
