import { setTimeout as pause } from 'node:timers/promises';
import type { Seeded } from '../seeded.ts';
import { clockJumps } from './clock-jumps.ts';
import { controlPlaneAway } from './control-plane-away.ts';
import { heartbeatKilled } from './heartbeat.ts';
import { EXAM } from './invariants.ts';
import { killPoints } from './kill-points.ts';
import { killed, warmKilled } from './killed.ts';
import { looksSee } from './looks-see.ts';
import { networks } from './networks.ts';
import { programsKilled } from './programs.ts';
import { comesAndGoes, type Fault, lost, OUTAGE_MS } from './scene.ts';
import { services } from './services.ts';

/** A desktop that died is usable again in this time. */
const DESKTOP_MS = 8_000;

const desktops: readonly Fault[] = [
  {
    name: 'a student’s desktop killed',
    quick: true,
    replaces: true,
    goals: { usableMs: DESKTOP_MS },
    act: async ({ rig, invariants }) => {
      const [seat] = [...invariants.seated().values()];
      if (seat) await killed(rig, seat.containerId);
    },
  },
  {
    name: 'a warm desktop killed',
    quick: true,
    act: warmKilled,
  },
  ...programsKilled,
];

/** Every fault, in the order in which they are provoked; with this seed the worker is killed at these moments. */
export function faults(random: Seeded, awaySec?: number): Fault[] {
  return [
    looksSee,
    {
      name: 'worker killed',
      act: async ({ rig }) => {
        await rig.stopWorker('SIGKILL');
        await rig.startWorker();
      },
    },
    ...killPoints(random),
    ...services,
    ...networks,
    heartbeatKilled,
    controlPlaneAway(awaySec),
    ...desktops,
    ...clockJumps,
    {
      name: 'twenty allocates at once for one new student',
      quick: true,
      act: async (scene) => {
        const userId = scene.newcomer();
        await Promise.all(Array.from({ length: 20 }, () => lost(scene.rig, 'allocate', { examId: EXAM, userId })));
        await comesAndGoes(scene, userId);
        await pause(OUTAGE_MS);
      },
    },
  ];
}
