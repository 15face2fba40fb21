import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import { AS_STUDENT } from '../rig/student.ts';
import { probe, shell } from './attempts.ts';
import { run } from './machine.ts';
import { LABELS } from './networks.ts';
import type { Stage } from './stage.ts';

const NAME = 'moving.escape.test';
const SITE = readFileSync(new URL('site.py', import.meta.url), 'utf8');
const FIRST = 100;
/** Longer than the answers' time to live: whoever asks again hears the new address. */
const BOTH_MS = 1300;
const STUDENT = [...AS_STUDENT, 'env', 'HOME=/home/student'];

// New programs that look the name up each time: http, https, both families as they come.
const LOADS = `rm -f /tmp/over; loads=0 failed=0 why=
while [ ! -e /tmp/over ]; do
  for url in http://${NAME}/ https://${NAME}/; do
    if why_not=$(curl -fksS -m 20 -o /dev/null $url 2>&1); then loads=$((loads + 1)); else failed=$((failed + 1)); why="; $why_not"; fi
    sleep 0.1 # below the limit of 40 questions a second
  done
done
echo "$loads loads, $failed failed$why"; [ $loads -gt 20 ] && [ $failed = 0 ]`;
// One browser that stays, keeps connections, and remembers addresses for longer than they hold.
const BROWSER = `d=$(mktemp -d); exec timeout 280 /usr/lib/chromium/chromium --headless --disable-gpu --ignore-certificate-errors \
--user-data-dir=$d http://${NAME}/run > /dev/null 2>&1`;

export interface Moved {
  readonly what: string;
  readonly through: boolean;
  readonly why: string;
}

async function open(docker: Docker, stage: Stage, image: string, last: number): Promise<Container> {
  const ending = (address: string) => address.replace(/\d+$/, String(last));
  const container = await docker.createContainer({
    Image: image,
    Labels: LABELS,
    Entrypoint: ['python3', '-u', '-c', SITE],
    HostConfig: { NetworkMode: stage.network },
    NetworkingConfig: {
      EndpointsConfig: {
        [stage.network]: { IPAMConfig: { IPv4Address: ending(stage.at.site), IPv6Address: ending(stage.at.site6) } },
      },
    },
  });
  await container.start();
  const log = (await container.logs({ follow: true, stdout: true })) as unknown as Readable;
  await once(log, 'data');
  log.destroy();
  await run(stage.other, 'root', shell(`echo ${ending(stage.at.site)} ${ending(stage.at.site6)} > /tmp/moved`));
  return container;
}

const inDesktop = (stage: Stage, command: readonly string[]) =>
  run(stage.desktop, 'root', ['/usr/lib/exam/drop', ...STUDENT, ...command]);
const pause = (ms: number) => new Promise((go) => setTimeout(go, ms));

/** The exam's site changes its address again and again while pages are loaded from it without a pause. */
export async function moves(docker: Docker, stage: Stage, image: string, count: number): Promise<Moved[]> {
  let site = await open(docker, stage, image, FIRST);
  const curls = inDesktop(stage, shell(LOADS));
  void inDesktop(stage, shell(BROWSER));
  await pause(4000);
  for (let move = 1; move <= count; move++) {
    const before = site;
    site = await open(docker, stage, image, FIRST + move);
    await pause(BOTH_MS);
    await before.remove({ force: false }).catch(() => before.stop({ t: 5 }).then(() => before.remove()));
  }
  await run(site, 'root', ['touch', '/tmp/over']);
  let told = await run(site, 'root', ['cat', '/tmp/done']);
  for (let tries = 0; tries < 100 && !told.through; tries++) {
    await pause(300);
    told = await run(site, 'root', ['cat', '/tmp/done']);
  }
  await run(stage.desktop, 'root', ['touch', '/tmp/over']);
  const { through, why } = await curls;
  const gone = await run(stage.loose, 'root', probe('connect', stage.at.site.replace(/\d+$/, String(FIRST)), 80));
  const browser = decodeURIComponent(told.why);
  const loads = Number(/^\d+/.exec(browser)?.[0] ?? 0);
  return [
    { what: `curl, ${count} moves`, through, why },
    { what: `Chromium, ${count} moves`, through: loads > 20 && / 0 failed/.test(browser), why: browser },
    { what: 'the first address answers nobody any more', through: !gone.through, why: gone.why },
  ];
}
