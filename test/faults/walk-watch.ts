import { setTimeout as pause } from 'node:timers/promises';
import { parseName } from '../../src/desktop/names.ts';
import type { Walked, WalkStudent } from './walk-student.ts';

const EVERY_MS = 700;

/** Looks at the engine again and again while a walk goes on: some laws hold at every moment. */
export function watching(walked: Walked & { readonly students: readonly WalkStudent[] }, most: number): () => void {
  let isOver = false;
  void (async () => {
    while (!isOver) {
      await look(walked, most).catch((error: unknown) => walked.broken(`cannot look at the engine: ${error}`));
      await pause(EVERY_MS);
    }
  })();
  return () => {
    isOver = true;
  };
}

async function look({ rig, students, died, broken }: Parameters<typeof watching>[0], most: number): Promise<void> {
  const before = new Map(students.map((student) => [student, student.desktop?.containerId]));
  const listed = await rig.desktops();
  const named = new Map(listed.map(({ Id, Names }) => [Id, (Names[0] ?? '').slice(1)]));
  for (const [student, containerId] of before) {
    if (containerId === undefined || student.desktop?.containerId !== containerId || died.has(containerId)) continue;
    const name = named.get(containerId);
    if (name !== student.name) broken(`${student.name} sits at ${containerId}, which is ${name ?? 'gone'}`);
  }
  const counted = [...named.values()].filter((name) => parseName(name)?.kind !== 'quarantine');
  if (counted.length > most) broken(`${counted.length} desktops on a host for ${most}`);
  const mounted = listed.flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => Name ?? []));
  const twice = mounted.find((volume, index) => mounted.indexOf(volume) !== index);
  if (twice) broken(`two desktops have the volume ${twice}`);
}
