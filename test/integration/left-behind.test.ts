import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import Docker from 'dockerode';
import { afterEach, expect, it } from 'vitest';
import { imageReference } from '../rig/images.ts';
import { labelsOfRig, removeDesktopsOf, removeLeftBehind } from '../rig/left-behind.ts';

// A test run that is killed leaves desktops whose names a later run needs: it made twelve tests fail once.
const docker = new Docker();
const code = `left-${randomBytes(3).toString('hex')}`;

/** A process that makes what a rig makes, with a worker of its own, and then stands still. */
const RIG = `
import { spawn } from 'node:child_process';
import Docker from 'dockerode';
import { labelsOfRig } from './test/rig/left-behind.ts';
const [docker, code, Image] = [new Docker(), ...process.argv.slice(-2)];
await docker.createNetwork({ Name: code + '_net', Labels: labelsOfRig(code) });
for (const [name, labels] of [['exam_99_u1', { 'vdi.worker': code }], ['service', labelsOfRig(code)]]) {
  const HostConfig = { NetworkMode: code + '_net' };
  await docker.createContainer({ name: code + '-' + name, Image, Labels: labels, HostConfig });
}
await docker.createVolume({ Name: code + '-home', Labels: { 'vdi.worker': code } });
const worker = spawn('sleep', ['600'], { env: { ...process.env, WORKER_CODE: code }, detached: true, stdio: 'ignore' });
console.log(worker.pid);
setInterval(() => {}, 1000);
`;

let rig: ChildProcess | undefined;
let workerPid = 0;
afterEach(async () => {
  rig?.kill('SIGKILL');
  await removeDesktopsOf(docker, code);
});

async function startRig(): Promise<ChildProcess> {
  const arguments_ = ['--input-type=module', '--eval', RIG, code, imageReference('NODE_IMAGE')];
  rig = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(rig.stdout ?? rig, 'data');
  workerPid = Number(line);
  return rig;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function seen(): Promise<string[]> {
  const containers = await docker.listContainers({ all: true, filters: { name: [code] } });
  const networks = await docker.listNetworks({ filters: { name: [code] } });
  const { Volumes } = await docker.listVolumes({ filters: { name: [code] } });
  return [
    ...containers.flatMap(({ Names }) => Names),
    ...networks.map(({ Name }) => Name),
    ...(Volumes ?? []).map(({ Name }) => Name),
    ...(isAlive(workerPid) ? ['its worker'] : []),
  ];
}

it('what a killed run has left is gone when the next one starts; what a run that lives has made stays', async () => {
  const alive = await startRig();
  await removeLeftBehind(docker, 'look now');
  expect(await seen()).toHaveLength(5);
  const gone = once(alive, 'exit');
  alive.kill('SIGKILL');
  await gone;
  expect(isAlive(workerPid)).toBe(true);
  await removeLeftBehind(docker, 'look now');
  await expect.poll(seen, { timeout: 15_000 }).toEqual([]);
});

it('a run’s own name is not that of another process with its number', () => {
  const [own] = Object.values(labelsOfRig(code)).slice(-1);
  expect(own).toMatch(new RegExp(`^${process.pid}@\\d+@pid:\\[\\d+\\]$`));
});
