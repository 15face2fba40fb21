import { type Desktop, seatOf } from '../desktop/desktop.ts';
import { type Seat, seatName } from '../desktop/names.ts';
import {
  type Carrier,
  type InSession,
  keptName,
  type LostWorkspace,
  lostName,
  workName,
} from '../desktop/workspace.ts';
import type { CarrierFacts, Clock, Engine, Log } from './ports.ts';

interface WorkspacePorts {
  readonly engine: Pick<Engine, 'list' | 'carriers' | 'carry' | 'rename' | 'remove' | 'condemn' | 'removeVolume'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Students' files beyond the life of a desktop. Whose a workspace is lives in Docker, in the name of its carrier; this is
 * the cache of that. Callers hold the student's turn whenever they change something of his.
 */
export class Workspaces {
  readonly #ports: WorkspacePorts;
  readonly #carriers = new Map<string, Carrier>();
  readonly #seated = new Map<string, InSession>();
  /** When the engine refused something for a student's files, by the step's name. */
  readonly refusedAt = new Map<string, number>();
  /** Per look that is under way, the carriers that changed here since it began. */
  readonly #looks = new Set<Set<string>>();

  constructor(ports: WorkspacePorts) {
    this.#ports = ports;
  }

  /** Makes this equal to what the engine lists; what changed here meanwhile is newer and stays. */
  async look(): Promise<void> {
    const changed = new Set<string>();
    this.#looks.add(changed);
    const listed = await this.#ports.engine.carriers().finally(() => this.#looks.delete(changed));
    const ids = new Set(listed.map(({ containerId }) => containerId));
    for (const id of [...this.#carriers.keys()]) if (!ids.has(id) && !changed.has(id)) this.#carriers.delete(id);
    for (const each of listed) if (!changed.has(each.containerId)) this.#carriers.set(each.containerId, each);
  }

  /** These desktops are in use: should one vanish, its student's session still goes on. */
  seen(desktops: readonly Desktop[]): void {
    for (const desktop of desktops) {
      const session = inSession(desktop);
      if (session) this.#seated.set(session.volume, session);
    }
  }

  get carriers(): readonly Carrier[] {
    return [...this.#carriers.values()];
  }

  get seated(): ReadonlyMap<string, InSession> {
    return this.#seated;
  }

  /** What is there for a student who comes (again): the one of his session, else the newest that is kept. */
  of(seat: Seat): Carrier | undefined {
    const name = seatName(seat);
    const time = (carrier: Carrier): number => carrier.keptSince ?? Number.POSITIVE_INFINITY;
    return this.carriers
      .filter((carrier) => carrier.seat && seatName(carrier.seat) === name)
      .reduce<Carrier | undefined>((best, each) => (best && time(best) >= time(each) ? best : each), undefined);
  }

  /** Sees to it that the workspace has a carrier which says that it is in use. @returns undefined when it is not there */
  async carry({ seat, volume, desktopId, imageId }: InSession): Promise<Carrier | undefined> {
    const known = this.#of(volume);
    if (known?.keptSince === undefined && known?.seat) return known;
    if (known) return this.#rename(known, workName(seat, known.desktopId), { seat, keptSince: undefined });
    const facts = { seat, volume, examId: seat.examId, desktopId };
    return this.#make(workName(seat, desktopId), facts, imageId);
  }

  /** A student comes to a workspace that was only kept: it is in use from now on. */
  async take(seat: Seat, carrier: Carrier): Promise<Carrier> {
    if (carrier.keptSince === undefined) return carrier;
    return this.#rename(carrier, workName(seat, carrier.desktopId), { keptSince: undefined });
  }

  /**
   * The student's session ends: his workspace is only kept from now on. Its desktop may be removed after this.
   * @throws when it could not be given a carrier: then nothing may be removed
   */
  async keep(desktop: Desktop): Promise<Carrier | undefined> {
    const session = await this.sessionOf(desktop);
    const carrier = session && (await this.carry(session));
    return carrier?.seat && this.keepCarried(carrier, carrier.seat);
  }

  /** Nothing of this session is left here. */
  forget(volume: string): void {
    this.#seated.delete(volume);
  }

  async keepCarried(carrier: Carrier, seat: Seat): Promise<Carrier> {
    this.#seated.delete(carrier.volume);
    const at = this.#ports.clock();
    return this.#rename(carrier, keptName(seat, carrier.desktopId, at), { keptSince: at });
  }

  /** What a student's desktop holds of his; undefined for one that was made without a workspace. */
  async sessionOf(desktop: Desktop): Promise<InSession | undefined> {
    if (desktop.volume !== undefined) return inSession(desktop);
    // Made here and not looked at since: only the engine knows what its volume is called.
    const listed = await this.#ports.engine.list();
    const volume = listed.find(({ containerId }) => containerId === desktop.containerId)?.volume;
    return inSession({ ...desktop, volume });
  }

  /** Removes what a student left, after its time. */
  async expire(carrier: Carrier): Promise<void> {
    const { engine, log } = this.#ports;
    await engine.condemn(carrier.volume);
    await engine.remove(carrier.containerId);
    this.#touch(carrier.containerId);
    this.#carriers.delete(carrier.containerId);
    await engine.removeVolume(carrier.volume);
    log.info({ workspace: carrier.name }, 'workspace removed after its time');
  }

  /** Keeps a workspace of which nobody knows whose it is, as long as a released one. */
  async find({ volume, examId, desktopId }: LostWorkspace): Promise<void> {
    const at = this.#ports.clock();
    await this.#make(lostName(examId, desktopId, at), { volume, examId, desktopId, keptSince: at });
    this.#ports.log.warn({ volume, examId, desktopId }, 'a workspace without its desktop; nobody knows whose it is');
  }

  #of(volume: string): Carrier | undefined {
    const found = this.carriers.filter((carrier) => carrier.volume === volume);
    return found.find((carrier) => carrier.keptSince === undefined) ?? found[0];
  }

  async #make(name: string, facts: CarrierFacts, imageId?: string): Promise<Carrier | undefined> {
    const made = await this.#ports.engine.carry(name, facts, imageId);
    if (made === 'no-volume') return undefined;
    if (made === 'name-taken') {
      // Made by a call whose answer was lost.
      await this.look();
      const found = this.carriers.find((carrier) => carrier.name === name);
      if (!found) throw new Error(`${name} is taken by something that is no carrier of this worker`);
      return found;
    }
    return this.#put({ ...facts, name, containerId: made.containerId });
  }

  async #rename(carrier: Carrier, name: string, now: Partial<Carrier>): Promise<Carrier> {
    // Touched before it is asked for, too: a look may be answered between the two.
    this.#touch(carrier.containerId);
    await this.#ports.engine.rename(carrier.containerId, name);
    return this.#put({ ...carrier, ...now, name });
  }

  #put(carrier: Carrier): Carrier {
    this.#touch(carrier.containerId);
    this.#carriers.set(carrier.containerId, carrier);
    return carrier;
  }

  #touch(containerId: string): void {
    for (const changed of this.#looks) changed.add(containerId);
  }
}

function inSession(desktop: Desktop): InSession | undefined {
  const seat = seatOf(desktop);
  const { desktopId, imageId } = desktop.labels;
  return seat && desktop.volume !== undefined ? { seat, volume: desktop.volume, desktopId, imageId } : undefined;
}
