import Docker from 'dockerode';
import type { DatabaseAddress } from '../../../src/postgres/database.ts';

const LABEL = { 'vdi.test': 'control-plane' };
const PASSWORD = 'only-for-this-test';

/** A PostgreSQL of this test's own, on a free loopback port. */
export async function startPostgres(): Promise<{ address: DatabaseAddress; stop: () => Promise<void> }> {
  const docker = new Docker();
  const container = await docker.createContainer({
    Image: process.env.POSTGRES_IMAGE || 'vdi-local/postgres:15',
    Labels: LABEL,
    Env: ['POSTGRES_USER=vdi', `POSTGRES_PASSWORD=${PASSWORD}`, 'POSTGRES_DB=vdi'],
    ExposedPorts: { '5432/tcp': {} },
    HostConfig: {
      PortBindings: { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] },
    },
  });
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const port = Number(NetworkSettings.Ports['5432/tcp']?.[0]?.HostPort);
  const address = { host: '127.0.0.1', port, user: 'vdi', password: PASSWORD, database: 'vdi' };
  return { address, stop: async () => void (await container.remove({ force: true, v: true })) };
}
