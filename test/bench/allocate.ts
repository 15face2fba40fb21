import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { imageReference } from '../rig/images.ts';
import type { Rig } from '../rig/rig.ts';
import { atMost, examId, type Ground, type Measured, prewarm, untilWarm } from './ground.ts';
import { rounded, summary, timed } from './stats.ts';

const EXAM = examId(7);
const ALONE = 10;
const AT_ONCE = 50;
const ROUNDS = 2;
const MAKE_WIDTH = 4;
const WARM_STEP = 10;
/** A second round has to fit into the bench's time too. */
const LAST_ROUND_BEFORE_S = 170;

/**
 * Warm allocate over HTTP beside a bare rename on the same engine, one at a time and fifty at once. Real desktops, proved
 * and held, but without a browser: a claim never looks into the desktop, and two cores bring up fifty browsers only in
 * minutes. Every slot is filled, so that no refill begins while it is measured.
 */
export async function measure(ground: Ground): Promise<Measured> {
  const rig = await ground.worker(ALONE + AT_ONCE, { EXAM_BROWSER_AUTOSTART: 'false' });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const bare = await makeBare(ground, rig);
  let names = 0;
  let users = 0;
  const rename = (index: number) =>
    timed(
      () => bare[index % bare.length]?.rename({ name: `${rig.code}-b${++names}` }) ?? Promise.reject(new Error('none')),
    );
  const allocate = () => timed(() => post(rig, agent, { examId: EXAM, userId: ++users }));

  const alone = { rename: [] as number[], allocate: [] as number[] };
  const atOnce = { rename: [] as number[], allocate: [] as number[] };
  for (let round = 1; round <= ROUNDS; round++) {
    // In steps: all at once they share the cores so thinly that sessions miss their own time limit.
    for (let count = WARM_STEP; count <= ALONE + AT_ONCE; count += WARM_STEP) {
      await prewarm(rig, EXAM, count);
      await untilWarm(rig, EXAM, count);
      ground.say(`${count} warm`);
    }
    ground.say(`${ALONE + AT_ONCE} desktops warm, round ${round}`);
    // Both sides with their sockets and code paths in use once.
    await Promise.all(Array.from({ length: AT_ONCE }, () => fetchHealth(rig, agent)));
    for (let index = 0; index < ALONE; index++) {
      alone.rename.push((await rename(index)).ms);
      alone.allocate.push((await allocate()).ms);
    }
    const all = (one: (index: number) => Promise<{ ms: number }>) =>
      Promise.all(Array.from({ length: AT_ONCE }, (_, index) => one(index))).then((done) => done.map(({ ms }) => ms));
    atOnce.rename.push(...(await all(rename)));
    atOnce.allocate.push(...(await all(allocate)));
    if (ground.seconds > LAST_ROUND_BEFORE_S) break;
    if (round < ROUNDS)
      for (; users > 0; users--) await rig.call('/api/vdi/cluster/release', { examId: EXAM, userId: users });
  }
  return judge(alone, atOnce);
}

interface Sides {
  readonly rename: number[];
  readonly allocate: number[];
}

function judge(alone: Sides, atOnce: Sides): Measured {
  const figures = {
    'allocate alone ms': summary(alone.allocate),
    'rename alone ms': summary(alone.rename),
    [`allocate ${AT_ONCE} at once ms`]: summary(atOnce.allocate),
    [`rename ${AT_ONCE} at once ms`]: summary(atOnce.rename),
  };
  const p50 = rounded(summary(alone.allocate).p50 / summary(alone.rename).p50);
  const [ours, bare] = [summary(atOnce.allocate).p99, summary(atOnce.rename).p99];
  return {
    figures,
    ratios: { 'allocate / rename, alone, p50': p50, 'allocate / rename, at once, p99': rounded(ours / bare) },
    goals: [
      atMost('allocate p50 / rename p50, one at a time', 2.5, p50),
      atMost(`allocate p99 with ${AT_ONCE} at once, ms (60 or 3 x rename p99)`, Math.max(60, rounded(3 * bare)), ours),
    ],
  };
}

/** Idle containers to rename. Running and on a network as desktops are: a rename then also changes the network's names. */
async function makeBare(ground: Ground, rig: Rig) {
  const names = Array.from({ length: AT_ONCE }, (_, index) => `bare${index}`);
  for (let at = 0; at < names.length; at += MAKE_WIDTH)
    await Promise.all(
      names
        .slice(at, at + MAKE_WIDTH)
        .map((name) => rig.service(name, imageReference('REDIS_IMAGE'), ['sleep', 'infinity'], '')),
    );
  ground.say(`${AT_ONCE} bare containers run`);
  const listed = await rig.docker.listContainers({
    filters: { label: ['vdi.test=bench'], name: [`${rig.code}-bare`] },
  });
  return listed.map(({ Id }) => rig.docker.getContainer(Id));
}

async function post(rig: Rig, agent: Agent, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-cluster-token': rig.clusterToken };
  const { status, answer } = await ask(rig, agent, 'POST', '/api/vdi/cluster/allocate', headers, JSON.stringify(body));
  if (status !== 200) throw new Error(`allocate answered ${status}: ${answer}`);
}

const fetchHealth = (rig: Rig, agent: Agent) => ask(rig, agent, 'GET', '/healthz', {}, '');

// node:http as dockerode uses it below: neither side pays for a heavier client than the other.
function ask(rig: Rig, agent: Agent, method: string, path: string, headers: Record<string, string>, body: string) {
  return new Promise<{ status: number; answer: string }>((resolve, reject) => {
    const call = request(`${rig.url}${path}`, { method, agent, headers }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
    });
    call.once('error', reject).end(body);
  });
}
