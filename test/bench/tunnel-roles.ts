// One process of the tunnel bench: the scripted guacd, a server under test, or the browsers. Driven over IPC.

import { browsers } from './tunnel-browsers.ts';
import { type Calls, peer } from './tunnel-peer.ts';
import { guacamoleLite, leanPipe, ownTunnel, plainPipe } from './tunnel-servers.ts';

const ROLES: Readonly<Record<string, (port: number) => Promise<Calls>>> = {
  peer,
  browsers,
  'own tunnel': ownTunnel,
  'guacamole-lite': guacamoleLite,
  'plain pipe': plainPipe,
  'lean pipe': leanPipe,
};

const [name = '', port = '0'] = process.argv.slice(2);
const role = ROLES[name];
if (!role) throw new Error(`no role ${name}`);
const calls: Calls = {
  ...(await role(Number(port))),
  usage: async () => {
    const { user, system } = process.cpuUsage();
    return { cpuSeconds: (user + system) / 1e6, rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20) };
  },
};
process.on('message', ({ id, call, args }: { id: number; call: string; args: never }) => {
  const act = calls[call] ?? (() => Promise.reject(new Error(`${name} knows no ${call}`)));
  act(args).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
// The bench has gone: nobody is left to drive this.
process.on('disconnect', () => process.exit());
process.send?.({ id: 0, value: 'up' });
