import { parseName } from '../../../src/desktop/names.ts';
import type { SignedRecord } from '../../../src/desktop/proof.ts';
import { type Carrier, type LostWorkspace, parseCarrierName } from '../../../src/desktop/workspace.ts';
import {
  AddressTaken,
  type Carried,
  type CarrierFacts,
  type Container,
  type DesktopWord,
  type Engine,
  EngineDown,
  ImageMissing,
  type Order,
  type Readiness,
  type StrayVolume,
} from '../../../src/pool/ports.ts';
import { GATEWAY_BLOCKED, GATEWAY_OPEN, signed } from '../desktop/signed.ts';

type Call =
  | 'list'
  | 'create'
  | 'restart'
  | 'claim'
  | 'remove'
  | 'imageId'
  | 'readiness'
  | 'carriers'
  | 'carry'
  | 'rename'
  | 'strayVolumes'
  | 'removeVolume'
  | 'condemn'
  | 'told'
  | 'stop';

/** How often a desktop proves its lock, as OneWorker's settings say. */
const PROOF_EVERY_MS = 60_000;

interface Box {
  container: Container;
  /** What it has said since its last start. */
  told: Readiness | undefined;
  /** Counts its starts: what an earlier start would have said is not heard. */
  starts: number;
  readonly listeners: Set<(said: Readiness) => void>;
  /** What it has told of its lock since its last start, and who waits for more. */
  proofs: SignedRecord[];
  readonly hearers: Set<() => void>;
  /** How its lock is now. */
  lock: Lock;
  /** Its workspace was made with it, and goes with it unless a carrier has it. */
  readonly ownsVolume: boolean;
  /** Cannot be started any more. */
  isDead: boolean;
  /** The exam page has come, later than it should have. */
  pageCame: boolean;
  /** A living backend has heard that its lock does not hold. */
  isKnownBroken: boolean;
}

/** `silent`: it proves nothing any more. */
export type Lock = 'holds' | 'broken' | 'silent';

export interface EngineFaults {
  /** Milliseconds a request takes to the engine, and its answer back: so calls overtake each other. */
  travel(call: Call, way: 'there' | 'back'): number;
  /** The call takes effect, but its answer never reaches the caller. */
  losesAnswer(call: Call): boolean;
  /** How long a desktop takes to come up, and what it says then. */
  boot(): { readonly ms: number; readonly says: Readiness };
  /** How its lock is from the start. */
  lock(): Lock;
}

export const NO_FAULTS: EngineFaults = {
  travel: () => 1,
  losesAnswer: () => false,
  boot: () => ({ ms: 3_000, says: { kind: 'ready' } }),
  lock: () => 'holds',
};

export interface EngineTime {
  readonly now: number;
  sleep(ms: number): Promise<void>;
}

/**
 * A container engine in memory that keeps Docker's laws: names are unique, an address is one container's, what is gone is
 * gone, a rename is atomic. An answer travels: it tells what was so when the engine looked, not when it arrives.
 */
export class FakeEngine {
  readonly boxes = new Map<string, Box>();
  faults: EngineFaults = NO_FAULTS;
  down = false;
  image: string | undefined = 'sha256:one';
  /** It answers, and makes nothing: a full disk. */
  refusal: string | undefined;
  /** Volumes of homes whose desktop somebody took away without them. */
  readonly strays = new Set<string>();
  /** Students' files, with the desktop that each was made with. */
  readonly workspaces = new Map<string, LostWorkspace>();
  readonly carriers = new Map<string, Carrier>();
  /** Volumes whose time is over. */
  readonly condemned = new Set<string>();
  /** Names of desktops that cannot be removed. */
  readonly stuck = new Set<string>();
  /** Since when files have no desktop. */
  readonly unmountedAt = new Map<string, number>();
  /** Says whether the files on this volume may be removed now. */
  mayLose: (volume: string) => boolean = () => true;
  /** Addresses held by something that is no desktop. */
  readonly foreignAddresses = new Set<string>();
  /** Names of containers that are not this worker's. */
  readonly foreignNames = new Set<string>();
  /** Creates and claims that took effect unknown to their caller: an answer lost, or a process that died in between. */
  unknown = 0;
  /** Most containers there ever were that a caller could know of. */
  mostKnown = 0;
  /** Broken laws of the project, as they happened. */
  readonly crimes: string[] = [];
  /** Says whether the desktop of this name may be removed now. */
  mayRemove: (name: string) => boolean = () => true;
  /** Says whether anybody was told of this desktop. */
  isServed: (containerId: string) => boolean = () => true;
  /** Hears of each claim as it is asked for. */
  onClaim: (name: string) => void = () => undefined;
  readonly calls: { call: Call; name: string }[] = [];
  readonly #time: EngineTime;
  #made = 0;
  #cuts = 0;

  constructor(time: EngineTime) {
    this.#time = time;
  }

  names(): string[] {
    return [...this.boxes.values()].map((box) => box.container.name).sort();
  }

  byName(name: string): Container | undefined {
    return [...this.boxes.values()].find((box) => box.container.name === name)?.container;
  }

  /** The desktop stops, as when it crashes or is out of memory. */
  stop(containerId: string): void {
    const box = this.boxes.get(containerId);
    if (!box?.container.running) return;
    box.container = { ...box.container, running: false };
    box.starts++;
    this.#say(box, { kind: 'failed', reason: 'it ended before it was ready' });
    box.told = undefined;
  }

  /** It stops, and will not start again. */
  kill(containerId: string): void {
    this.stop(containerId);
    const box = this.boxes.get(containerId);
    if (box) box.isDead = true;
  }

  /** Somebody removes a desktop by hand: its volumes stay. */
  takeAway(containerId: string): void {
    const box = this.boxes.get(containerId);
    if (!box) return;
    this.boxes.delete(containerId);
    this.unmountedAt.set(box.container.volume ?? '', this.#time.now);
    box.starts++;
    this.#say(box, { kind: 'failed', reason: 'it ended before it was ready' });
  }

  /** Its lock breaks, or it falls silent: told at its next proof. */
  setLock(containerId: string, lock: Lock): void {
    const box = this.boxes.get(containerId);
    if (box) box.lock = lock;
  }

  /** Every stream of proofs ends, as when the engine goes away under a live-restore. */
  cutProofs(): void {
    this.#cuts++;
    for (const box of this.boxes.values()) for (const hear of [...box.hearers]) hear();
  }

  /** The exam page that had not loaded does. */
  bringPage(containerId: string): void {
    const box = this.#box(containerId);
    box.pageCame = true;
    for (const hear of [...box.hearers]) hear();
  }

  /** Tells a record now, as it is given. */
  tell(containerId: string, record: SignedRecord): void {
    const box = this.#box(containerId);
    box.proofs.push(record);
    for (const hear of [...box.hearers]) hear();
  }

  /** Somebody renames, makes or removes by hand. */
  rename(containerId: string, name: string): void {
    const box = this.boxes.get(containerId);
    if (box) box.container = { ...box.container, name };
  }

  /** An engine client, as one run of the backend has it. `kill` is that process's death: nothing it asked is answered. */
  client(): Engine & { kill(): void } {
    let alive = true;
    const ask = async <T>(call: Call, name: string, act: () => T): Promise<T> => {
      this.calls.push({ call, name });
      if (!alive) await forever();
      await this.#time.sleep(this.faults.travel(call, 'there'));
      const outcome = this.#attempt(act);
      const lost = this.faults.losesAnswer(call);
      if ((call === 'create' || call === 'claim') && 'value' in outcome && (lost || !alive)) this.unknown++;
      this.mostKnown = Math.max(this.mostKnown, this.slotsTaken() - this.unknown);
      await this.#time.sleep(this.faults.travel(call, 'back'));
      if (!alive) await forever();
      if ('error' in outcome) throw outcome.error;
      if (lost) throw new EngineDown('answer lost');
      return outcome.value;
    };
    return {
      kill: () => {
        alive = false;
      },
      list: () => ask('list', '', () => [...this.boxes.values()].map((box) => box.container)),
      create: (order) => ask('create', order.name, () => this.#create(order)),
      restart: (id) =>
        ask('restart', id, () => {
          const box = this.#box(id);
          if (box.isDead) throw Object.assign(new Error('it does not start'), { statusCode: 500 });
          this.#start(box);
        }),
      carriers: () => ask('carriers', '', () => [...this.carriers.values()]),
      carry: (name, facts) => ask('carry', name, () => this.#carry(name, facts)),
      rename: (id, name) => ask('rename', name, () => this.#rename(id, name)),
      claim: (from, to) => {
        const box = this.#find(from);
        if (box?.isKnownBroken && parseName(to)?.kind === 'seat')
          this.crimes.push(`${from}, failed, is asked for ${to}`);
        if (alive) this.onClaim(to);
        return ask('claim', to, () => this.#claim(from, to));
      },
      told: async (id, after, signal) => {
        const start = await ask('told', id, () => this.boxes.get(id)?.starts);
        return this.#told(id, start, after, signal, () => alive);
      },
      stop: (id) => ask('stop', id, () => this.#stop(id)),
      readiness: async (id, signal, onSession) => {
        const listening = await ask('readiness', id, () => ({ said: this.#listen(id, signal) }));
        onSession();
        const said = await listening.said;
        if (!alive) await forever();
        return said;
      },
      password: async () => 'secret',
      remove: (id) => ask('remove', id, () => this.#remove(id)),
      strayVolumes: () => ask('strayVolumes', '', () => this.#strayVolumes()),
      condemn: (volume) => ask('condemn', volume, () => void this.condemned.add(volume)),
      removeVolume: (name) => ask('removeVolume', name, () => this.#removeVolume(name)),
      imageId: () => ask('imageId', '', () => this.image),
    };
  }

  #attempt<T>(act: () => T): { value: T } | { error: unknown } {
    if (this.down) return { error: new EngineDown('engine is down') };
    try {
      return { value: act() };
    } catch (error) {
      return { error };
    }
  }

  #box(id: string): Box {
    const box = this.boxes.get(id);
    if (!box) throw Object.assign(new Error(`no such container: ${id}`), { statusCode: 404 });
    return box;
  }

  #find(idOrName: string): Box | undefined {
    return this.boxes.get(idOrName) ?? [...this.boxes.values()].find(({ container }) => container.name === idOrName);
  }

  #create(order: Order): Container {
    if (this.refusal !== undefined) throw Object.assign(new Error(this.refusal), { statusCode: 500 });
    if (this.image === undefined) throw new ImageMissing('no such image');
    if (this.byName(order.name)) throw Object.assign(new Error('name in use'), { statusCode: 409 });
    const taken = [...this.boxes.values()].some((box) => box.container.ip === order.ip);
    if (taken || this.foreignAddresses.has(order.ip)) throw new AddressTaken(order.ip);
    const containerId = `c${++this.#made}`;
    const volume = order.volume ?? `v${this.#made}`;
    // As Docker does for a mount by name.
    if (!this.workspaces.has(volume)) {
      if (order.volume !== undefined) this.crimes.push(`${order.name} was made with ${volume}, which is gone`);
      const { examId, desktopId } = order.labels;
      this.workspaces.set(volume, { volume, examId, desktopId });
    }
    this.unmountedAt.delete(volume);
    const container = { ...order, volume, containerId, running: false, createdAt: this.#time.now };
    const box: Box = {
      container,
      told: undefined,
      starts: 0,
      listeners: new Set(),
      proofs: [],
      hearers: new Set(),
      lock: this.faults.lock(),
      isKnownBroken: false,
      pageCame: false,
      ownsVolume: order.volume === undefined,
      isDead: false,
    };
    this.boxes.set(containerId, box);
    this.#start(box);
    // What its own volume is called is told by a list only.
    return { ...box.container, volume: order.volume };
  }

  #start(box: Box): void {
    box.container = { ...box.container, running: true };
    box.told = undefined;
    box.pageCame = false;
    const start = ++box.starts;
    box.proofs = [];
    void this.#prove(box, start);
    const { ms, says } = this.faults.boot();
    void this.#time.sleep(ms).then(() => {
      if (box.starts === start && this.boxes.has(box.container.containerId)) this.#say(box, says);
    });
  }

  async #prove(box: Box, start: number): Promise<void> {
    const { containerId, labels } = box.container;
    const isOn = (): boolean => box.starts === start && this.boxes.get(containerId) === box;
    for (let ms = 200; ; ms = PROOF_EVERY_MS) {
      await this.#time.sleep(ms);
      if (!isOn()) return;
      if (box.lock === 'silent') continue;
      const results = [box.lock === 'holds' ? GATEWAY_BLOCKED : GATEWAY_OPEN];
      this.tell(containerId, signed(labels.desktopId, this.#time.now, { ok: box.lock === 'holds', results }));
    }
  }

  async *#told(
    id: string,
    start: number | undefined,
    after: number,
    signal: AbortSignal,
    isAlive: () => boolean,
  ): AsyncIterable<DesktopWord> {
    const cuts = this.#cuts;
    let page = false;
    for (let next = 0; ; ) {
      const box = this.boxes.get(id);
      if (!box || signal.aborted || cuts !== this.#cuts) return;
      const record = box.starts === start ? box.proofs[next] : undefined;
      if (record) {
        next++;
        if (!isAlive()) return;
        if (record.heardAt < after) continue;
        yield { kind: 'proof', signed: record };
        // Asked for the next: this one has been heard.
        if (isAlive() && !JSON.parse(Buffer.from(record.record, 'base64url').toString()).ok) box.isKnownBroken = true;
        continue;
      }
      if (box.starts !== start || !box.container.running) return;
      if (box.pageCame && !page) {
        page = true;
        yield { kind: 'page-loaded' };
        continue;
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          box.hearers.delete(wake);
          resolve();
        };
        box.hearers.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  #stop(id: string): void {
    const box = this.boxes.get(id);
    if (!box) return;
    if (parseName(box.container.name)?.kind === 'seat')
      this.crimes.push(`${box.container.name} was stopped while in use`);
    this.stop(id);
  }

  /** Desktops that use the host: all but those that were stopped in quarantine. */
  slotsTaken(): number {
    const boxes = [...this.boxes.values()];
    return boxes.filter(({ container: { name, running } }) => running || parseName(name)?.kind !== 'quarantine').length;
  }

  #say(box: Box, said: Readiness): void {
    box.told = said;
    for (const tell of [...box.listeners]) tell(said);
    box.listeners.clear();
    for (const hear of [...box.hearers]) hear();
  }

  #listen(id: string, signal: AbortSignal): Promise<Readiness> {
    const box = this.boxes.get(id);
    if (!box) return Promise.resolve({ kind: 'failed', reason: 'it is gone' });
    if (box.told) return Promise.resolve(box.told);
    if (!box.container.running) return Promise.resolve({ kind: 'failed', reason: 'it ended before it was ready' });
    return new Promise((resolve) => {
      box.listeners.add(resolve);
      signal.addEventListener('abort', () => resolve({ kind: 'failed', reason: 'it was not ready in time' }));
    });
  }

  #claim(from: string, to: string): 'claimed' | 'name-taken' | 'gone' {
    const box = this.#find(from);
    if (!box) return 'gone';
    if (box.container.name === to) throw Object.assign(new Error('it has this name'), { statusCode: 400 });
    if (this.byName(to) || this.foreignNames.has(to)) return 'name-taken';
    const place = parseName(box.container.name);
    if (place?.kind === 'seat') this.crimes.push(`${box.container.name} was given away as ${to}`);
    if (place?.kind === 'quarantine') this.crimes.push(`${box.container.name} came back as ${to}`);
    box.container = { ...box.container, name: to };
    return 'claimed';
  }

  #remove(idOrName: string): boolean {
    if (this.carriers.delete(idOrName)) return true;
    const box = this.#find(idOrName);
    if (!box) return false;
    const { name, containerId, running, volume = '' } = box.container;
    if (this.stuck.has(name)) throw Object.assign(new Error('device or resource busy'), { statusCode: 500 });
    const isStudents = parseName(name)?.kind === 'seat';
    // One that does not come up may be replaced, and one whose lock did not hold before anybody sat there.
    const neverServed = box.isKnownBroken && !this.isServed(containerId);
    const isUseless = !running || box.told?.kind === 'failed' || neverServed;
    if (isStudents && !this.mayRemove(name) && !isUseless) this.crimes.push(`${name} was removed while in use`);
    this.takeAway(containerId);
    if (!box.ownsVolume || this.#isUsed(volume)) return true;
    if (isStudents && !this.mayLose(volume)) this.crimes.push(`${name} was removed with its files`);
    this.workspaces.delete(volume);
    return true;
  }

  #isUsed(volume: string): boolean {
    const containers = [...this.boxes.values()].map(({ container }) => container);
    return [...containers, ...this.carriers.values()].some((each) => each.volume === volume);
  }

  #carry(name: string, facts: CarrierFacts): Carried {
    if (this.refusal !== undefined) throw Object.assign(new Error(this.refusal), { statusCode: 500 });
    if (!this.workspaces.has(facts.volume)) return 'no-volume';
    if ([...this.carriers.values()].some((carrier) => carrier.name === name)) return 'name-taken';
    const containerId = `k${++this.#made}`;
    this.carriers.set(containerId, asNamed({ ...facts, name, containerId }));
    return { containerId };
  }

  #rename(id: string, name: string): void {
    const carrier = this.carriers.get(id);
    if (!carrier) throw Object.assign(new Error(`no such container: ${id}`), { statusCode: 404 });
    this.carriers.set(id, asNamed({ ...carrier, name }));
  }

  #strayVolumes(): StrayVolume[] {
    const lost = [...this.workspaces.values()].filter(
      ({ volume }) => !this.#isUsed(volume) && !this.condemned.has(volume),
    );
    return [
      ...[...this.condemned].map((name) => ({ name, isCondemned: true })),
      ...[...this.strays].map((name) => ({ name })),
      ...lost.map((workspace) => ({ name: workspace.volume, workspace })),
    ];
  }

  #removeVolume(name: string): void {
    this.strays.delete(name);
    this.condemned.delete(name);
    if (!this.workspaces.has(name) || this.#isUsed(name)) return;
    if (!this.mayLose(name)) this.crimes.push(`the files on ${name} were removed before their time`);
    this.workspaces.delete(name);
  }
}

/** What Docker knows of a carrier is its name and its volume. */
function asNamed({ containerId, name, volume }: Carrier): Carrier {
  const said = parseCarrierName(name);
  if (!said) throw new Error(`${name} is no carrier's name`);
  return { ...said, containerId, name, volume };
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
