import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { ControlPlane, type Outcome } from '../../../src/heartbeat/control-plane.ts';

const folder = mkdtempSync(join(tmpdir(), 'vdi-tls-'));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rm(folder, { recursive: true }));

const openssl = (...words: string[]): void =>
  void execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });

interface Certified {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** A certificate of its own making for a name, valid in these days (YYMMDD). */
function certified(name: string, alternative: string, from: string, to: string): Certified {
  const config = [
    '[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\nx509_extensions=extensions',
    '[any]\ncommonName=supplied',
    `[extensions]\nsubjectAltName=${alternative}\nbasicConstraints=critical,CA:true`,
  ];
  writeFileSync(join(folder, 'ca.cnf'), config.join('\n'));
  writeFileSync(join(folder, 'index'), '');
  writeFileSync(join(folder, 'serial'), '01');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
  openssl('req', '-new', ...key, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
  const days = ['-startdate', `${from}000000Z`, '-enddate', `${to}000000Z`];
  const signed = ['-keyfile', `${name}.key`, '-in', `${name}.csr`, '-out', `${name}.pem`];
  openssl('ca', '-batch', '-selfsign', '-notext', '-config', 'ca.cnf', ...days, ...signed);
  return { key: readFileSync(join(folder, `${name}.key`)), cert: readFileSync(join(folder, `${name}.pem`)) };
}

async function serve({ key, cert }: Certified, isSilent = false): Promise<{ base: string; connections: () => number }> {
  let connections = 0;
  const server = createServer({ key, cert }, (request, response) => {
    request.resume();
    if (!isSilent) response.end('{}');
  }).listen(0, '127.0.0.1');
  server.on('connection', () => connections++);
  servers.push(server);
  await once(server, 'listening');
  return { base: `https://127.0.0.1:${(server.address() as AddressInfo).port}/api`, connections: () => connections };
}

const beatTo = (controlPlaneApiBase: string, controlPlaneCa = ''): Promise<Outcome> =>
  new ControlPlane({ controlPlaneApiBase, controlPlaneCa, clusterTokens: ['shared-secret'], intervalMs: 1500 }).take(
    {},
  );

describe('a control-plane behind TLS', () => {
  const good = certified('school', 'IP:127.0.0.1', '200101', '401231');

  test('of the school’s own authority is taken where CONTROL_PLANE_CA_FILE holds that, over one connection', async () => {
    const { base, connections } = await serve(good);
    const settings = {
      controlPlaneCa: good.cert.toString(),
      clusterTokens: ['shared-secret'] as const,
      intervalMs: 1500,
    };
    const controlPlane = new ControlPlane({ controlPlaneApiBase: base, ...settings });
    for (let beats = 0; beats < 3; beats++) expect(await controlPlane.take({})).toMatchObject({ kind: 'accepted' });
    expect(connections()).toBe(1);
  });

  test('of an unknown authority is not, and the variable is named', async () => {
    const { base } = await serve(good);
    const outcome = await beatTo(base);
    expect(outcome).toMatchObject({ kind: 'failed', why: expect.stringContaining('CONTROL_PLANE_CA_FILE') });
    expect(JSON.stringify(outcome)).not.toContain('shared-secret');
  });

  test('whose certificate has run out is called that', async () => {
    const old = certified('old', 'IP:127.0.0.1', '200101', '200201');
    const { base } = await serve(old);
    expect(await beatTo(base, old.cert.toString())).toMatchObject({ why: expect.stringContaining('has expired') });
  });

  test('whose certificate is for another name is called that', async () => {
    const other = certified('other', 'DNS:other.example.edu', '200101', '401231');
    const { base } = await serve(other);
    expect(await beatTo(base, other.cert.toString())).toMatchObject({ why: expect.stringContaining('another name') });
  });

  test('that is slow is given up in time and called slow', async () => {
    const { base } = await serve(good, true);
    const outcome = await beatTo(base, good.cert.toString());
    expect(outcome).toMatchObject({ why: expect.stringContaining('does not answer in time') });
  });
});
