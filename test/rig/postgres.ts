import Docker from 'dockerode';
import type { DatabaseAddress } from '../../src/postgres/database.ts';

const PASSWORD = 'only-for-this-test';

export interface TestPostgres {
  readonly address: DatabaseAddress;
  /** Its container. */
  readonly id: string;
  /** Ends it without a word, its files stay. */
  kill(): Promise<void>;
  /** Starts a killed one again, on another port. */
  start(): Promise<{ host: string; port: number }>;
  stop(): Promise<void>;
}

/** A PostgreSQL of this test's own, on a free loopback port. */
export async function startPostgres(test = 'control-plane'): Promise<TestPostgres> {
  const docker = new Docker();
  const container = await docker.createContainer({
    Image: process.env.POSTGRES_IMAGE || 'vdi-local/postgres:15',
    Labels: { 'vdi.test': test },
    Env: ['POSTGRES_USER=vdi', `POSTGRES_PASSWORD=${PASSWORD}`, 'POSTGRES_DB=vdi'],
    ExposedPorts: { '5432/tcp': {} },
    HostConfig: {
      PortBindings: { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] },
    },
  });
  const start = async () => {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    return { host: '127.0.0.1', port: Number(NetworkSettings.Ports['5432/tcp']?.[0]?.HostPort) };
  };
  const address = { ...(await start()), user: 'vdi', password: PASSWORD, database: 'vdi' };
  return {
    address,
    id: container.id,
    start,
    kill: () => container.kill(),
    stop: async () => void (await container.remove({ force: true, v: true })),
  };
}
