import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { type Seat, seatName } from '../../src/desktop/names.ts';
import { parseCarrierName, WORKSPACE } from '../../src/desktop/workspace.ts';
import type { Rig } from '../rig/rig.ts';

/** A student who has handed in, and what he had written. */
export interface HandedIn extends Seat {
  readonly work: string;
}

export interface ListedCarrier {
  readonly id: string;
  readonly name: string;
  /** Name of the seat whose files it has. */
  readonly of: string | undefined;
  readonly isKept: boolean;
  readonly volumes: readonly (string | undefined)[];
}

/** Containers that keep students' files, as the engine lists them. */
export async function carriersOf(rig: Rig): Promise<ListedCarrier[]> {
  const listed = await rig.docker.listContainers({ all: true, filters: { label: [`vdi.keeper=${rig.code}`] } });
  return listed.map(({ Id, Names, Mounts }) => {
    const name = (Names[0] ?? '').slice(1);
    const said = parseCarrierName(name);
    const of = said?.seat && seatName(said.seat);
    return { id: Id, name, of, isKept: said?.keptSince !== undefined, volumes: Mounts.map(({ Name }) => Name) };
  });
}

/** Each student who has handed in has his files kept, once; those of the first and the last of them are read. */
export async function filesKept(rig: Rig, handedIn: readonly HandedIn[]): Promise<true | string> {
  const carriers = await carriersOf(rig);
  const wrong: string[] = [];
  for (const student of handedIn) {
    const name = seatName(student);
    const own = carriers.filter(({ of }) => of === name);
    const [kept] = own;
    if (own.length !== 1 || !kept?.isKept)
      wrong.push(`${name} has kept: ${own.map((each) => each.name).join(' ') || 'nothing'}`);
    else if (student === handedIn[0] || student === handedIn.at(-1)) {
      const work = await readFrom(rig, kept.id, 'work.txt');
      if (work !== student.work) wrong.push(`${name}’s kept work says: ${work}`);
    }
  }
  return wrong.length === 0 || wrong.join(', ');
}

/** A file of a workspace whose container never ran. */
async function readFrom(rig: Rig, carrierId: string, file: string): Promise<string> {
  const archive = await rig.docker.getContainer(carrierId).getArchive({ path: `${WORKSPACE}/${file}` });
  let read = '';
  for await (const entry of archive.pipe(extract())) read += await text(entry);
  return read.trim();
}
