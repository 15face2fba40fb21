import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageReference } from '../rig/images.ts';

const docker = new Docker();
const Labels = { 'vdi.test': 'lock-away' };
const NETWORK = 'vdi_lock_away';
const ADDED = ['NET_ADMIN', 'SETUID', 'SETGID', 'SETPCAP', 'KILL'];
// The entry point's own functions, one after the other, and after each what can be seen from inside.
const SCRIPT = `set -uo pipefail
EXAM_LIB=/usr/lib/exam EXAM_RESTRICT_INTERNET=true EXAM_BROWSER_URL=http://site.lock.test/
ALLOWED_DOMAINS=site.lock.test ALLOWED_ADDRESSES= DENIED_ADDRESSES= RDP_FROM=
. $EXAM_LIB/settings.sh; . $EXAM_LIB/lock.sh; . $EXAM_LIB/lock-rules.sh
look() { # NAME
  echo "$1: table $(nft list table inet exam > /dev/null 2>&1 && echo yes || echo no), programs $(ps -eo uid= | grep -cE '^ *90[01]$')," \\
    "allowed $(getent ahostsv4 site.lock.test > /dev/null && echo yes || echo no), other $(getent ahostsv4 other.lock.test > /dev/null && echo yes || echo no)"
}
look before
put_lock && start_names && start_gate && prove_lock || exit 1
look locked
pkill -KILL -x names; pkill -KILL -x gate; sleep 0.6
look killed
take_lock_away
look taken
put_lock && start_names && start_gate && prove_lock || exit 1
look again`;

async function clear(): Promise<void> {
  const filters = { label: ['vdi.test=lock-away'] };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true, v: true });
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
}

beforeAll(async () => {
  await clear();
  await docker.createNetwork({ Name: NETWORK, Labels });
  const site = await docker.createContainer({
    Image: imageReference('EXAM_IMAGE_NAME'),
    Labels,
    Entrypoint: ['sleep', '300'],
    HostConfig: { NetworkMode: NETWORK, Init: true },
    NetworkingConfig: { EndpointsConfig: { [NETWORK]: { Aliases: ['site.lock.test', 'other.lock.test'] } } },
  });
  await site.start();
});
afterAll(clear);

test('the lock goes up, keeps its programs, comes away whole and goes up again', async () => {
  const container = await docker.createContainer({
    Image: imageReference('EXAM_IMAGE_NAME'),
    Labels,
    Entrypoint: ['bash', '-c', SCRIPT],
    HostConfig: { NetworkMode: NETWORK, Init: true, CapDrop: ['ALL'], CapAdd: ADDED },
  });
  const stream = await container.attach({ stream: true, stdout: true, stderr: true });
  const [out, printed] = [new PassThrough(), new PassThrough()];
  container.modem.demuxStream(stream, out, printed);
  stream.once('end', () => [out, printed].map((one) => one.end()));
  await container.start();
  const [said, wrong] = await Promise.all([text(out), text(printed)]);
  expect({ said: said.trim().split('\n'), wrong }).toEqual({
    said: [
      'before: table no, programs 0, allowed yes, other yes',
      'locked: table yes, programs 4, allowed yes, other no',
      'killed: table yes, programs 4, allowed yes, other no',
      'taken: table no, programs 0, allowed yes, other yes',
      'again: table yes, programs 4, allowed yes, other no',
    ],
    wrong: '',
  });
});
