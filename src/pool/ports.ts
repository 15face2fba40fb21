import type { HostLeft } from '../desktop/capacity.ts';
import type { Desktop } from '../desktop/desktop.ts';
import type { FilesTold } from '../desktop/files.ts';
import type { DesktopLabels } from '../desktop/labels.ts';
import type { Seat } from '../desktop/names.ts';
import type { SignedRecord } from '../desktop/proof.ts';
import type { HostLoad } from '../desktop/refill-pace.ts';
import type { Carrier, LostWorkspace } from '../desktop/workspace.ts';
import type { AskedOf } from './asked.ts';
import type { LedgerEvent } from './ledger.ts';

/** A container of ours as the engine lists it. */
export interface Container {
  readonly containerId: string;
  readonly name: string;
  readonly labels: DesktopLabels;
  readonly ip: string;
  readonly running: boolean;
  readonly createdAt: number;
  /** The volume of the student's files; undefined where it has none, or is not known. */
  readonly volume?: string | undefined;
}

/** What the engine needs to make one desktop. */
export interface Order {
  readonly name: string;
  readonly labels: DesktopLabels;
  readonly ip: string;
  /** A workspace to go on with; undefined: a new one. */
  readonly volume?: string | undefined;
}

export type CarrierFacts = Omit<Carrier, 'containerId' | 'name'>;

export type Carried = { readonly containerId: string } | 'name-taken' | 'no-volume';

/** A volume of this worker's that no container has. */
export interface StrayVolume {
  readonly name: string;
  /** A student's files are on it, or may be. */
  readonly workspace?: LostWorkspace | undefined;
  /** Its time was over already. */
  readonly isCondemned?: boolean;
}

/** What a desktop says of itself when it has come up, or that it never will. */
export type Readiness =
  | { readonly kind: 'ready'; readonly note?: string; readonly page?: 'unreachable' }
  | { readonly kind: 'failed'; readonly reason: string };

/** What a desktop goes on telling. */
export type DesktopWord =
  | { readonly kind: 'proof'; readonly signed: SignedRecord }
  /** The exam page has come after all. */
  | { readonly kind: 'page-loaded' }
  /** How much its student's files take. */
  | { readonly kind: 'files'; readonly told: FilesTold };

/** The container engine. Every call rises with EngineDown when the engine cannot be reached. */
export interface Engine {
  /** This worker's desktops, running or not. */
  list(): Promise<Container[]>;
  /**
   * Makes and starts one desktop with a fresh RDP password.
   * @throws AddressTaken when the address is in use, after removing what was made
   */
  create(order: Order): Promise<Container>;
  /** Starts a stopped desktop again; its files and its address stay. */
  restart(containerId: string): Promise<void>;
  /**
   * The atomic claim: gives the container of one name a student's name. Asked for by its name in the pool, not by its
   * id, so that a desktop which is a student's already, unknown to us, is `gone` and never given away.
   */
  claim(poolName: string, seatName: string): Promise<'claimed' | 'name-taken' | 'gone'>;
  /**
   * Resolves when the desktop says that it is ready or has failed, counted from its last start; also when it ends.
   * @param onSession called when an RDP login would find its session, while the session's programs still start
   */
  readiness(containerId: string, signal: AbortSignal, onSession: () => void): Promise<Readiness>;
  /**
   * What a desktop tells since its last start, until it stops or the signal comes.
   * @param after only what was heard at this time or later, milliseconds since the epoch
   * @returns when the stream is open
   */
  told(containerId: string, after: number, signal: AbortSignal): Promise<AsyncIterable<DesktopWord>>;
  /** Stops a desktop and keeps it; one that does not run, or is gone, is success. */
  stop(containerId: string): Promise<void>;
  /** The desktop's own RDP password. Never logged. */
  password(containerId: string): Promise<string>;
  /** Ends and removes the desktop of this id or name. @returns false when nothing has it: gone already, or named otherwise now */
  remove(idOrName: string): Promise<boolean>;
  /** This worker's carriers. */
  carriers(): Promise<Carrier[]>;
  /** Makes a carrier. @param imageId an image that is there for sure; without it, what new desktops are made from */
  carry(name: string, facts: CarrierFacts, imageId?: string): Promise<Carried>;
  /** Gives a carrier another name; one that it has already is success. */
  rename(containerId: string, name: string): Promise<void>;
  /** Volumes that this worker's desktops had, and that no container has now. */
  strayVolumes(): Promise<StrayVolume[]>;
  /**
   * Keeps in mind, beyond this process, that a volume's time is over: whatever has it goes before it can go itself, and
   * in between nobody could tell it from files that somebody has lost.
   */
  condemn(volume: string): Promise<void>;
  /** Removes a volume; one that is gone, or that a container has, is left as it is. */
  removeVolume(name: string): Promise<void>;
  /** Image id that new desktops are made from; undefined when the image is not there. */
  imageId(): Promise<string | undefined>;
}

/** The engine does not answer. */
export class EngineDown extends Error {
  override name = 'EngineDown';
}

/** The image that desktops are made from is not on the engine. */
export class ImageMissing extends Error {
  override name = 'ImageMissing';
}

/** Something else has this address on the exam network. */
export class AddressTaken extends Error {
  override name = 'AddressTaken';
}

/** Holds a guacd connection open to each warm desktop (docs/adr/0002). */
export interface Holder {
  /**
   * Opens and keeps a connection; resolves when a student could join it.
   * @param isEarly the desktop is still coming up: there is time
   */
  hold(desktop: Desktop, isEarly?: boolean): Promise<void>;
  /** Ends the connection and every tunnel that joined it. */
  drop(containerId: string): void;
}

/** The machine that all of this runs on. */
export interface Host {
  /** What it has left now. Never rises. */
  left(): Promise<HostLeft>;
  /** How busy it is. */
  load(): HostLoad;
}

export type Source = 'pool' | 'cold' | 'adopted';

/** A student's use of a desktop, as the contract's section 5 keeps it in Redis. */
export interface Session {
  readonly containerName: string;
  /** ISO time. */
  readonly allocatedAt: string;
  readonly source: Source;
}

/**
 * Cache of what is so, and the memory of what was asked. Docker stays the truth: no call here may fail a student, so
 * every method rises with an error that callers may log and forget.
 */
export interface Mirror {
  saveSession(seat: Seat, session: Session): Promise<void>;
  removeSession(seat: Seat): Promise<void>;
  poolJoined(examId: number, name: string): Promise<void>;
  poolLeft(examId: number, name: string): Promise<void>;
  /** Makes the cache equal to these desktops, keeping what is known of running sessions. */
  rewrite(desktops: readonly Desktop[]): Promise<void>;
  saveAsked(asked: AskedOf): Promise<void>;
  /** Undefined when there is no memory of it: the first start ever, or a cache that lost all it had. */
  loadAsked(): Promise<AskedOf | undefined>;
  /** Adds to the last proofs of a desktop. */
  saveProof(desktopId: string, record: string): Promise<void>;
  saveCursor(address: string): Promise<void>;
  loadCursor(): Promise<string | undefined>;
}

/**
 * History of desktops and sessions, on its way to the central database. Never rises and never makes a student wait:
 * what cannot be kept is counted and told in status.
 */
export interface Ledger {
  record(event: LedgerEvent): void;
}

/** Whether this worker takes nobody new. */
export interface DrainState {
  readonly draining: boolean;
  /** Who said so, and when, milliseconds since the epoch; undefined: nobody has said anything yet. */
  readonly by?: 'call' | 'worker_nodes' | undefined;
  readonly at?: number | undefined;
  /** What the control-plane's table said when it was last read. */
  readonly table?: boolean | undefined;
}

/** Where the drain outlives a restart, and Redis. */
export interface DrainMemory {
  /** Never rises. @returns undefined when nothing was written down */
  load(): DrainState | undefined;
  /** @throws when it is not kept */
  save(state: DrainState): void;
}

/** Where the control-plane writes that a worker is to be drained. */
export interface DrainTable {
  /** @returns undefined where it says nothing of this worker. @throws with what to do, when it cannot be read */
  isDraining(): Promise<boolean | undefined>;
}

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** The part of a logger that use cases need. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
