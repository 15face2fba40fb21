import { extension, realHello, withExtension } from '../integration/gate/hello.ts';
import { type At, type Attempt, probe, shell } from './attempts.ts';

const FOREIGN = 'foreign.escape.test';
const SHARED = 'shared.escape.test';
const ENCRYPTED_HELLO = 0xfe0d;
const GATE_UID = 901;
const SERVER_HELLO = '^\\x16\\x03';
const hex = (text: string | Buffer): string => Buffer.from(text as string).toString('hex');
const get = (host: string, more = '') => `GET / HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
/** Sends pieces one after the other; through when what comes back fits the pattern. */
const talk = (port: number, pattern: string, ...pieces: (string | Buffer)[]) =>
  probe('talk', SHARED, port, pattern, ...pieces.map(hex));
const halves = (bytes: Buffer, name: string): Buffer[] => {
  const middle = bytes.indexOf(name) + 3;
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
};

/** One address, many sites: only the exam's may be asked for there. */
export async function byServerName(at: At): Promise<Attempt[]> {
  const [right, wrong] = [await realHello(SHARED), await realHello(FOREIGN)];
  const one = (name: string, run: string[], more: Partial<Attempt> = {}): Attempt => ({
    name,
    as: 'student',
    run,
    quick: true,
    ...more,
  });
  const foreign = (address: string) =>
    shell(`curl -ksS -m 3 --resolve ${FOREIGN}:443:${address} https://${FOREIGN}/ | grep 'reached ${FOREIGN}'`);
  const host = (address: string) =>
    shell(`curl -sS -m 3 -H 'Host: ${FOREIGN}' http://${address}/ | grep 'reached ${FOREIGN}'`);
  const nameless = (address: string) => shell(`curl -ksS -m 3 https://${address}/ | grep reached`);
  const asRoot = { as: 'root' } as const;
  return [
    one('another server name on an allowed address', foreign(at.shared)),
    one('another server name on an allowed address', foreign(at.shared), asRoot),
    one('another server name on an allowed v6 address', foreign(`[${at.shared6}]`)),
    one('another Host on an allowed address', host(at.shared)),
    one('another Host on an allowed address', host(at.shared), asRoot),
    one('another Host on an allowed v6 address', host(`[${at.shared6}]`)),
    one('no server name on an allowed address', nameless(at.shared)),
    one('no server name on an allowed v6 address', nameless(`[${at.shared6}]`)),
    one('another Host in the second request', talk(80, `reached ${FOREIGN}`, get(SHARED), get(FOREIGN))),
    one('another Host in a pipeline', talk(80, `reached ${FOREIGN}`, get(SHARED) + get(FOREIGN))),
    one(
      'another Host after a body',
      talk(80, `reached ${FOREIGN}`, `${get(SHARED, 'Content-Length: 3\r\n')}abc`, get(FOREIGN)),
      {
        control: { where: 'loose', as: 'student', run: talk(80, `reached ${FOREIGN}`, get(SHARED), get(FOREIGN)) },
      },
    ),
    one(
      'another Host hidden by two lengths of a body',
      talk(80, 'reached', get(SHARED, 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), '0\r\n\r\n'),
    ),
    one('another server name, cut into segments', talk(443, SERVER_HELLO, ...halves(wrong, FOREIGN))),
    one(
      'the exam’s server name with an encrypted one (ECH)',
      talk(443, SERVER_HELLO, withExtension(right, extension(ENCRYPTED_HELLO, Buffer.alloc(64)))),
    ),
    one("another server name as the gate's user", probe('as', GATE_UID, ...foreign(at.shared)), asRoot),
    one("open an address as the gate's user", probe('knock', at.other, 9, GATE_UID), asRoot),
  ];
}

/** And what the gate must let pass. */
export async function allowedByName(at: At): Promise<Attempt[]> {
  const on = (name: string, run: string[]): Attempt => ({ name, as: 'student', run, quick: true });
  const right = await realHello(SHARED);
  const page = (options: string, url: string) => shell(`curl -fksS -m 5 ${options} ${url} | grep reached`);
  return [
    ...['http', 'https'].flatMap((scheme) =>
      ['-4', '-6'].map((family) => on(`${scheme} by name, curl ${family}`, page(family, `${scheme}://${SHARED}/`))),
    ),
    on(
      'https, sub-name of *.wild.escape.test',
      page('', `--resolve a.wild.escape.test:443:${at.shared} https://a.wild.escape.test/`),
    ),
    on('http by an address that the operator wrote down', page('', `http://[${at.site6}]/`)),
    on('server name cut into segments', talk(443, SERVER_HELLO, ...halves(right, SHARED))),
    on('two requests on one connection', talk(80, '(reached.*){2}', get(SHARED), get(SHARED))),
    on('a WebSocket', talk(80, 'echo frame', get(SHARED, 'Connection: Upgrade\r\nUpgrade: websocket\r\n'), 'frame')),
  ];
}
