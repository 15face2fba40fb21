// Who is placed where, who may come again elsewhere when a machine is lost, and what everybody is counted as afterwards.
import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Answer, ControlPlane, Person } from '../rig/control-plane.ts';
import { TunnelClient } from '../rig/tunnel-client.ts';
import type { FleetMachine, FleetWorker } from './fleet-machines.ts';
import type { FleetView } from './fleet-view.ts';

const LOG_SHOWN = 6_000;

export interface Student extends Person {
  readonly examId: number;
}

export interface Fleet {
  readonly a: FleetWorker;
  readonly b: FleetWorker;
  readonly c: FleetMachine;
  readonly controlPlane: ControlPlane;
  /** All that the control-plane has logged. */
  readonly log: () => Promise<string>;
  readonly admin: string;
  readonly view: FleetView;
  /** Seven of one exam, five of the other. */
  readonly students: readonly Student[];
  readonly late: readonly Student[];
  readonly ttlSec: number;
  readonly began: number;
}

/** @throws AssertionError with what came otherwise; what the control-plane logged is printed then */
export async function tell(fleet: Fleet): Promise<void> {
  await goes(fleet).catch(async (error: unknown) => {
    console.log((await fleet.log().catch(String)).slice(-LOG_SHOWN));
    throw error;
  });
}

async function goes(fleet: Fleet): Promise<void> {
  await joinsSpread(fleet);
  const places = await fleet.view.places();
  const at = ({ code }: FleetWorker): Student[] => fleet.students.filter(({ id }) => places.get(id) === code);
  const moved = await losesPower(fleet, at(fleet.c));
  await comesBack(fleet, at(fleet.c), moved);
  await drains(fleet, at(fleet.a));
}

const joinOnce = ({ controlPlane }: Fleet, { token, examId }: Student): Promise<Answer> =>
  controlPlane.join(token, examId);
const join = (fleet: Fleet, who: readonly Student[]): Promise<Answer[]> =>
  Promise.all(who.map((student) => fleet.view.seated(() => joinOnce(fleet, student))));
const ips = (answers: readonly Answer[]): string[] => answers.map(({ body }) => body.ip);

async function joinsSpread(fleet: Fleet): Promise<void> {
  const { a, b, c, view, students } = fleet;
  const empty = [a, b, c].map((worker) => [worker, 0] as const);
  await view.counts('three workers registered and ready', empty);
  say(fleet, `registered and ready: ${[a, b, c].map(({ code }) => code).join(', ')}`);
  const [first, second] = [students.slice(0, 7), students.slice(7)];
  const [one, other] = [students[0]?.examId ?? 0, students[7]?.examId ?? 0];
  await Promise.all([a.prewarm(one, 6), b.prewarm(one, 1), c.prewarm(other, 5)]);
  // Warming keeps the host busy, and a worker that is late to answer is taken for not ready: nobody would be sent there.
  await view.counts('all ready while they are warm', empty);
  say(fleet, 'twelve desktops warm');
  const answers = [...(await join(fleet, first)), ...(await join(fleet, second))];
  await view.counts('twelve joins spread', [
    [a, 6],
    [b, 1],
    [c, 5],
  ]);
  const places = await view.places();
  deepEqual(
    new Set(second.map(({ id }) => places.get(id))),
    new Set([c.code]),
    'the second exam has a worker of its own',
  );
  deepEqual(ips(await join(fleet, students)), ips(answers), 'who joins again has the same desktop');
  deepEqual(await view.places(), places);
  say(
    fleet,
    '12 joins: one exam fills its worker and overflows by one, the other sticks to a third; again: same desktops',
  );
}

/** @returns what the students of the lost machine were answered elsewhere */
async function losesPower(fleet: Fleet, gone: readonly Student[]): Promise<Answer[]> {
  const { a, b, c, view, students, late, ttlSec } = fleet;
  const cut = Date.now();
  await c.cutPower();
  const waits = await joinOnce(fleet, gone[0] as Student);
  deepEqual([waits.status, waits.body.error], [503, 'worker_not_answering'], 'nobody is moved before it is stale');
  await view.until('the dead worker stale', async () => !(await view.worker(c)).isHealthy || 'it is healthy');
  const staleMs = Date.now() - cut;
  // The last beat may have been almost an interval, a second here, before the cut.
  ok(staleMs >= (ttlSec - 2) * 1000, `stale ${staleMs} ms after the cut`);
  const { total, healthy, stale } = await view.get('/api/vdi/workers/summary');
  deepEqual({ total, healthy, stale }, { total: 3, healthy: 2, stale: 1 });
  say(fleet, `${c.code}: ${c.lostBy}; stale after ${(staleMs / 1000).toFixed(1)} s (TTL ${ttlSec} s)`);

  if (c.giveUp) {
    const inTheWay = await joinOnce(fleet, gone[0] as Student);
    deepEqual([inTheWay.status, inTheWay.body.error], [503, 'no_free_desktop'], 'his name is taken on this engine');
    await c.giveUp();
    deepEqual(await c.desktops(), [], 'the operator has removed what was left of it');
  }
  const stayed = await join(
    fleet,
    students.filter((student) => !gone.includes(student)),
  );
  ok(
    stayed.every(({ body }) => body.moved === false),
    'nobody else is moved',
  );
  const moved = await join(fleet, gone);
  ok(
    moved.every(({ body }) => body.moved === true),
    'whose worker is gone is told that he was moved',
  );
  await view.counts('the students of the dead worker elsewhere', [
    [a, 6],
    [b, 6],
  ]);
  for (const { body } of moved) await seesHisDesktop(body.connection);
  const none = await joinOnce(fleet, late[0] as Student);
  deepEqual([none.status, none.body.error], [503, 'no_free_desktop']);
  say(fleet, 'its five students sit and see elsewhere; a thirteenth is told that no desktop is free');
  return moved;
}

async function comesBack(fleet: Fleet, gone: readonly Student[], moved: readonly Answer[]): Promise<void> {
  const { a, b, c, view, controlPlane, admin, late } = fleet;
  await c.powerOn();
  const back = Date.now();
  // Their first desktops may be there again, with their files: they take its slots until somebody releases them.
  const old = c.keepsDesktops ? gone : [];
  await view.counts('the worker back with what is on it', [
    [a, 6],
    [b, 6],
    [c, old.length],
  ]);
  const seconds = ((Date.now() - back) / 1000).toFixed(1);
  say(fleet, `it is back: ${old.length} old desktops run and count, ${seconds} s after its worker answered`);
  const again = await join(fleet, gone);
  deepEqual(
    again.map(({ body }) => [body.ip, body.moved]),
    ips(moved).map((ip) => [ip, false]),
    'nobody moves back',
  );
  const { body } = await controlPlane.call('POST', '/api/vdi/workers/reconcile', admin, {});
  deepEqual([body.scanned, body.cleaned, body.workersSilent], [12, 0, 0], 'reconcile takes nobody’s session');
  for (const { id, examId } of old) {
    const path = `/api/vdi/sessions/${examId}/${id}?worker=${c.code}`;
    equal((await controlPlane.call('DELETE', path, admin)).body.outcome, 'released');
  }
  await view.counts('what was left on it released', [
    [a, 6],
    [b, 6],
    [c, 0],
  ]);
  await join(fleet, late.slice(0, 1));
  await view.counts('the thirteenth there', [
    [a, 6],
    [b, 6],
    [c, 1],
  ]);
  say(fleet, 'nobody moved back; what was left there released, and the thirteenth sits there');
}

async function drains(fleet: Fleet, drained: readonly Student[]): Promise<void> {
  const { a, b, c, view, controlPlane, admin, late } = fleet;
  const before = ips(await join(fleet, drained));
  await controlPlane.call('PATCH', `/api/vdi/workers/${a.code}`, admin, { isDraining: true });
  await view.until('its drain', async () => (await view.worker(a)).metadata.drainStatus === 'draining' || 'not told');
  deepEqual(ips(await join(fleet, drained)), before, 'who sits there joins again');
  await join(fleet, late.slice(1));
  equal((await view.places()).get(late[1]?.id ?? 0), c.code, 'a new student goes elsewhere');
  for (const [index, { token, examId }] of drained.entries()) {
    equal(await view.inUse(a), drained.length - index, 'a session was lost while it drains');
    const { body } = await controlPlane.call('POST', `/api/exams/${examId}/finish`, token);
    equal(body.outcome, 'released');
  }
  await view.until('it drained', async () => (await view.worker(a)).drainStatus === 'drained' || 'still draining');
  await view.until('no desktop on it', async () => (await a.desktops()).length === 0 || String(await a.desktops()));
  await view.counts('the others as they were', [
    [b, 6],
    [c, 2],
  ]);
  say(fleet, 'drain: its six kept their desktops until each handed in, a new one went elsewhere, and it is empty');
}

/** Through the tunnel, where the answer to his join says that it is. */
async function seesHisDesktop({ url, token }: { readonly url: string; readonly token: string }): Promise<void> {
  const tunnel = new TunnelClient(`http://${new URL(url).host}`, { connection: token });
  await tunnel.see('sync').finally(() => tunnel.close());
}

function say({ began }: Fleet, what: string): void {
  console.log(`  ${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${what}`);
}
