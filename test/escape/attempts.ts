import { readFileSync } from 'node:fs';
import type { Place } from './stage.ts';

/** Whose hands try it: the student's, or root's inside after the entry point has given its privileges up. */
export type Hands = 'student' | 'root';

export interface Attempt {
  readonly name: string;
  readonly as: Hands;
  readonly run: readonly string[];
  /** Shows that the target would have answered. Left out: the same command by the same hands in the loose container. */
  readonly control?: {
    readonly where: 'loose' | 'services' | 'desktop';
    readonly as: Hands;
    readonly run?: readonly string[];
  };
  /** Forbidden only where the web is closed: with EXAM_RESTRICT_INTERNET=false it is meant to work. */
  readonly closedOnly?: true;
  /** Part of `--quick`. */
  readonly quick?: true;
}

const PROBE = readFileSync(new URL('probe.pl', import.meta.url), 'utf8');
export const probe = (...args: (string | number)[]): string[] => ['perl', '-e', PROBE, ...args.map(String)];
export const shell = (script: string): string[] => ['bash', '-c', script];

export type At = Readonly<Record<Place, string>>;

/** What must work, or the lock would be a wall. */
export function allowed(): Attempt[] {
  const on = (name: string, run: string[]): Attempt => ({ name, as: 'student', run, quick: true });
  return [
    on('exam site by name', probe('tcp', 'exam.escape.test', 80)),
    on('exam site by name, v4 only', shell('curl -4fsS -m 3 http://exam.escape.test/')),
    on('exam site by name, v6 only', shell('curl -6fsS -m 3 http://exam.escape.test/')),
    on('allowed name that only the outside name server knows', probe('tcp', 'ext.escape.test', 80)),
    on('sub-name of *.wild.escape.test', probe('tcp', 'a.wild.escape.test', 443)),
  ];
}

/** Where the web is open: public addresses on web ports, allowed names on private addresses, and every name. */
export function allowedOpen(at: At): Attempt[] {
  const on = (name: string, run: string[]): Attempt => ({ name, as: 'student', run, quick: true });
  return [
    on('open web: a public address', probe('tcp', at.public, 80)),
    on('open web: exam site on a private address', shell('curl -fsS -m 3 http://exam.escape.test/')),
    on('open web: any name', shell('getent ahostsv4 anything.test')),
  ];
}

/** What stays forbidden all the same. */
export function byOpenWeb(at: At, hostPort: string): Attempt[] {
  const seenFromNeighbour = { ...at, neighbour: at.desktop };
  return [
    ...byNetwork(seenFromNeighbour, hostPort).filter(({ closedOnly }) => !closedOnly),
    { name: 'another port of a public address', as: 'student', run: probe('tcp', at.public, 8080), quick: true },
    { name: 'UDP to a public address', as: 'student', run: probe('udp', at.public, 443), quick: true },
  ];
}

export function byNetwork(at: At, hostPort: string): Attempt[] {
  const both = (name: string, run: string[], control?: Attempt['control']): Attempt[] =>
    (['student', 'root'] as const).map((as) => ({ name, as, run, ...(control && { control }), quick: true as const }));
  const closedOnly = (name: string, run: string[]) =>
    both(name, run).map((one) => ({ ...one, closedOnly: true as const }));
  const fromServices = (...run: (string | number)[]) =>
    ({ where: 'services', as: 'root', run: probe(...run) }) as const;
  return [
    ...both('another site by name', probe('tcp', 'other.escape.test', 80)),
    ...both('another site by address', probe('tcp', at.other, 443)),
    ...both('another site by v6 address', probe('tcp', at.other6, 80)),
    ...both(
      'another site, Host header of the exam site',
      shell(`curl -fsS -m 3 -H 'Host: exam.escape.test' http://${at.other}/`),
    ),
    {
      name: 'another site, exam name pinned to it',
      as: 'student',
      run: shell(`curl -fsS -m 3 --resolve exam.escape.test:80:${at.other} http://exam.escape.test/`),
    },
    ...both('another port of the exam site', probe('tcp', at.site, 8080)),
    { name: 'SSH port of the exam site', as: 'student', run: probe('tcp', at.site, 22) },
    { name: 'DNS over TLS port of another host', as: 'student', run: probe('tcp', at.other, 853) },
    ...both('QUIC: UDP 443 of the exam site', probe('udp', at.site, 443)),
    { name: 'UDP over v6 to the exam site', as: 'student', run: probe('udp', at.site6, 443) },
    ...both('any UDP to another host', probe('udp', at.other, 9999)),
    ...both("the host: the worker's published port at the gateway", probe('tcp', at.gateway, hostPort)),
    ...both('worker_guacd', probe('tcp', at.services, 4822)),
    ...both('worker_redis', probe('tcp', at.services, 6379)),
    ...both('worker_backend', probe('tcp', at.services, 3000)),
    { name: 'a web port of the services', as: 'student', run: probe('tcp', at.services, 80) },
    ...both("a neighbour's RDP", probe('connect', at.neighbour, 3389), fromServices('connect', at.neighbour, 3389)),
    ...both('metadata address', probe('tcp', at.metadata, 80)),
    ...both('ICMP echo without privilege', probe('icmp', 'dgram', at.site)),
    { name: 'ICMP echo by a raw socket', as: 'root', run: probe('icmp', 'raw', at.site), quick: true },
    ...both('DNS: another server', probe('dns', at.other, 'anything.test')),
    { name: 'DNS over TCP: another server', as: 'student', run: probe('tcp', at.other, 53) },
    ...closedOnly("DNS: Docker's own service, past our resolver", probe('dns', '127.0.0.11', 'other.escape.test')),
    {
      closedOnly: true,
      name: "DNS: Docker's own service as the name service's user",
      as: 'root',
      run: probe('dns', '127.0.0.11', 'other.escape.test', 900),
      control: { where: 'loose', as: 'root' },
      quick: true,
    },
    {
      name: "DNS: outside server as the name service's user",
      as: 'root',
      run: probe('dns', at.other, 'anything.test', 900),
      quick: true,
    },
    ...both("DNS: a server of his own in the place of Docker's", probe('pose', '127.0.0.11')),
    ...both('open an address as the name service does', probe('knock', at.other, 9)),
    {
      name: "open an address as the name service's user",
      as: 'root',
      run: probe('knock', at.other, 9, 900),
      control: { where: 'loose', as: 'root' },
      quick: true,
    },
    { name: 'a socket with a mark of the firewall', as: 'root', run: probe('mark', 0xe7a2), quick: true },
    ...closedOnly('DNS: a name that is not allowed', shell('getent ahostsv4 anything.test')),
    ...closedOnly(
      'DNS tunnel: data as a sub-name of the exam site',
      shell('getent ahostsv4 c2VjcmV0.exam.escape.test'),
    ),
    {
      name: 'DNS tunnel: long label under *.wild',
      as: 'student',
      run: shell(`getent ahostsv4 ${'a'.repeat(50)}.wild.escape.test`),
      quick: true,
    },
    {
      name: 'DNS tunnel: long name under *.wild',
      as: 'student',
      run: shell(`getent ahostsv4 ${`${'b'.repeat(30)}.`.repeat(6)}wild.escape.test`),
    },
    { name: 'DNS tunnel: 400 questions at once', as: 'student', run: probe('flood', 400) },
    {
      name: 'from outside: a server the student started',
      as: 'student',
      run: shell(
        `perl -MSocket -e 'socket(S,AF_INET,SOCK_STREAM,0);setsockopt(S,SOL_SOCKET,SO_REUSEADDR,1);bind(S,pack_sockaddr_in(8000,INADDR_ANY));listen(S,5);$SIG{ALRM}=sub{exit 1};alarm 3;accept(C,S);exit 0'`,
      ),
      control: {
        where: 'desktop',
        as: 'student',
        run: shell(
          `perl -MSocket -e 'socket(S,AF_INET,SOCK_STREAM,0);bind(S,pack_sockaddr_in(8001,INADDR_ANY));listen(S,5);system("bash -c \\": > /dev/tcp/127.0.0.1/8001\\" &");$SIG{ALRM}=sub{exit 1};alarm 3;accept(C,S);exit 0'`,
        ),
      },
    },
  ];
}
