import { type Desktop, type DesktopState, isDistrusted, isPooled } from '../desktop/desktop.ts';
import type { FilesTold } from '../desktop/files.ts';
import { parseName, type Seat, seatName } from '../desktop/names.ts';
import type { Proof } from '../desktop/proof.ts';
import { isServing } from '../desktop/rolling.ts';
import type { Container } from './ports.ts';

/**
 * Every desktop of this worker as this process knows it: Docker's facts and the state each desktop has told. A cache:
 * `look` makes it equal to what the engine lists. Answers without I/O, so that a warm allocate costs one rename.
 */
export class Roster {
  readonly #byId = new Map<string, Desktop>();
  readonly #byName = new Map<string, string>();
  /** Being claimed right now: not offered to a second student. */
  readonly #spoken = new Set<string>();
  /** Per look at the engine that is under way, what changed here since it began. */
  readonly #looks = new Set<Set<string>>();
  #adopted = false;
  #doubted = true;
  #losses = 0;

  /** It has been equal to the engine's list once. */
  get isAdopted(): boolean {
    return this.#adopted;
  }

  /** It may lack desktops that the engine has: look before making one. */
  get isDoubted(): boolean {
    return this.#doubted;
  }

  all(): Desktop[] {
    return [...this.#byId.values()];
  }

  get(containerId: string): Desktop | undefined {
    return this.#byId.get(containerId);
  }

  atSeat(seat: Seat): Desktop | undefined {
    const id = this.#byName.get(seatName(seat));
    return id === undefined ? undefined : this.#byId.get(id);
  }

  atAddress(ip: string): Desktop | undefined {
    return this.all().find((desktop) => desktop.ip === ip);
  }

  addresses(): Set<string> {
    return new Set(this.all().map((desktop) => desktop.ip));
  }

  /** Takes in a container; what is known of its state stays unless it stopped or came back. */
  put(container: Container): Desktop | undefined {
    const place = parseName(container.name);
    if (!place) return undefined;
    this.#touch(container.containerId);
    const known = this.#byId.get(container.containerId);
    const { running, ...facts } = container;
    // Whatever state one in quarantine is in, nobody waits for it to come up.
    const alive = place.kind === 'quarantine' ? 'failed' : reviveState(known?.state);
    const state = running ? alive : 'stopped';
    // What it proved before a stop says nothing of its next start.
    const isAnew = known?.state === 'stopped' && running;
    const { proof, page } = isAnew ? {} : { ...known };
    const reason = running ? known?.reason : undefined;
    const desktop: Desktop = { ...facts, place, state, reason, proof, page, files: known?.files };
    if (known && known.name !== desktop.name) this.#byName.delete(known.name);
    this.#byId.set(desktop.containerId, desktop);
    this.#byName.set(desktop.name, desktop.containerId);
    return desktop;
  }

  /**
   * Makes the roster equal to what the engine lists. The list travels: what changed here since it was asked for is newer
   * and stays, or a desktop just claimed would fall back into the pool, to be removed or given to a second student.
   * @returns the ids that are gone
   */
  async look(list: () => Promise<readonly Container[]>): Promise<string[]> {
    const changed = new Set<string>();
    const losses = this.#losses;
    this.#looks.add(changed);
    const containers = await list().finally(() => this.#looks.delete(changed));
    const listed = new Set(containers.map((container) => container.containerId));
    const gone = [...this.#byId.keys()].filter((id) => !listed.has(id) && !changed.has(id));
    for (const id of gone) this.delete(id);
    for (const container of containers) if (!changed.has(container.containerId)) this.put(container);
    this.#adopted = true;
    if (losses === this.#losses) this.#doubted = false;
    return gone;
  }

  setState(containerId: string, state: DesktopState, reason?: string): void {
    const desktop = this.#byId.get(containerId);
    if (!desktop) return;
    this.#touch(containerId);
    this.#byId.set(containerId, { ...desktop, state, reason, page: state === 'starting' ? undefined : desktop.page });
  }

  /** In whatever order it is heard, as after a start of this process: the page came after it was missing. */
  setPage(containerId: string, page: 'unreachable' | 'loaded'): void {
    const desktop = this.#byId.get(containerId);
    if (desktop && desktop.page !== 'loaded') this.#byId.set(containerId, { ...desktop, page });
  }

  setProof(containerId: string, proof: Proof): void {
    const desktop = this.#byId.get(containerId);
    // No touch: a proof is nothing that the engine's list knows.
    if (desktop) this.#byId.set(containerId, { ...desktop, proof });
  }

  setFiles(containerId: string, files: FilesTold): void {
    const desktop = this.#byId.get(containerId);
    if (desktop) this.#byId.set(containerId, { ...desktop, files });
  }

  rename(containerId: string, name: string): Desktop | undefined {
    const desktop = this.#byId.get(containerId);
    const place = parseName(name);
    if (!desktop || !place) return undefined;
    this.#touch(containerId);
    const renamed = { ...desktop, name, place };
    this.#byName.delete(desktop.name);
    this.#byName.set(name, containerId);
    this.#byId.set(containerId, renamed);
    return renamed;
  }

  delete(containerId: string): void {
    const desktop = this.#byId.get(containerId);
    if (!desktop) return;
    this.#touch(containerId);
    this.#byId.delete(containerId);
    if (this.#byName.get(desktop.name) === containerId) this.#byName.delete(desktop.name);
  }

  /** Drops a desktop of which only the engine knows whether it is still there. */
  lose(containerId: string): void {
    this.delete(containerId);
    this.#doubted = true;
    this.#losses++;
  }

  /** Pool desktops of an exam that a student could be given now. @param fits whether a student of this exam may have it */
  free(examId: number, fits: (desktop: Desktop) => boolean): Desktop[] {
    return this.all().filter(
      (desktop) =>
        isServing(desktop) &&
        desktop.labels.examId === examId &&
        !isDistrusted(desktop) &&
        !this.#spoken.has(desktop.containerId) &&
        fits(desktop),
    );
  }

  /**
   * The best pool desktop of an exam, spoken for until `forget`. Warm before ready: a held one is there at once, one
   * without a held connection still serves while guacd is away.
   * @param ahead how many are others' before
   * @param isOld whether it is to be given only where no newer one is there at once
   */
  speakFor(
    examId: number,
    ahead: number,
    fits: (desktop: Desktop) => boolean,
    isOld: (desktop: Desktop) => boolean,
  ): Desktop | undefined {
    const free = this.free(examId, fits);
    if (free.length <= ahead) return undefined;
    const warm = free.filter((desktop) => desktop.state === 'warm');
    const best = warm.find((desktop) => !isOld(desktop)) ?? warm[0] ?? free[0];
    if (best) this.#spoken.add(best.containerId);
    return best;
  }

  /** A pool desktop, spoken for until `forget`; undefined when somebody else has it or is taking it. */
  speakForPooled(containerId: string): Desktop | undefined {
    const desktop = this.#byId.get(containerId);
    if (!desktop || !isPooled(desktop) || this.#spoken.has(containerId)) return undefined;
    this.#spoken.add(containerId);
    return desktop;
  }

  isSpokenFor(containerId: string): boolean {
    return this.#spoken.has(containerId);
  }

  forget(containerId: string): void {
    this.#spoken.delete(containerId);
  }

  #touch(containerId: string): void {
    for (const changed of this.#looks) changed.add(containerId);
  }
}

// A container that runs again after a stop, or that we see for the first time, has yet to say that it is ready.
function reviveState(known: DesktopState | undefined): DesktopState {
  return known === undefined || known === 'stopped' ? 'starting' : known;
}
