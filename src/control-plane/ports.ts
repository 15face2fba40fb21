import type { Affinity, Desktop, Dispatch, RunningSession, Seat } from './dispatch.ts';
import type { Exam, ExamFields } from './exam.ts';
import type { HashedRow, ImportWish, Written } from './import-users.ts';
import type { Role } from './login-token.ts';
import type { Placement } from './place.ts';
import type { ReconcileRun } from './reconcile.ts';
import type { Observation } from './reconcile-plan.ts';
import type { ListedUser, NewUser, User } from './user.ts';
import type { Heartbeat, WorkerNode } from './worker-node.ts';

export interface UserQuery {
  /** Part of the user name or of the person's. */
  readonly text?: string | undefined;
  readonly role?: Role | undefined;
  /** The folded user name after which the list goes on. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface UserStore {
  byName(username: string): Promise<User | undefined>;
  byId(id: number): Promise<User | undefined>;
  list(query: UserQuery): Promise<{ readonly users: ListedUser[]; readonly total: number }>;
  count(role: Role): Promise<number>;
  /** User names by id. */
  namesOf(ids: readonly number[]): Promise<ReadonlyMap<number, string>>;
  create(user: NewUser): Promise<User | 'username_taken'>;
  change(id: number, fields: Partial<NewUser>): Promise<User | 'not_found' | 'username_taken' | 'last_admin'>;
  remove(id: number): Promise<'removed' | 'not_found' | 'last_admin' | 'user_in_use'>;
  /** Roles of those who are known, by folded user name. */
  rolesOf(keys: readonly string[]): Promise<ReadonlyMap<string, Role>>;
  /** All of them or, when it fails, none. */
  putAll(rows: readonly HashedRow[], existing: ImportWish['existing']): Promise<Written>;
}

export interface ExamStore {
  all(): Promise<Exam[]>;
  byId(id: number): Promise<Exam | undefined>;
  create(fields: ExamFields): Promise<Exam>;
  change(id: number, fields: Partial<ExamFields>): Promise<Exam | 'end_before_start' | undefined>;
  remove(id: number): Promise<'removed' | 'not_found' | 'in_use'>;
}

export interface WorkerStore {
  all(): Promise<WorkerNode[]>;
  byCode(code: string): Promise<WorkerNode | undefined>;
  beat(heartbeat: Heartbeat, slots: number, at: Date): Promise<WorkerNode>;
  /** @param unless not where sessions run there; then nobody is placed there meanwhile either */
  change(
    code: string,
    flags: { isDraining?: boolean; isEnabled?: boolean },
    unless?: 'occupied',
  ): Promise<WorkerNode | { readonly occupiedBy: number } | undefined>;
  /** Puts what was seen in the place of what the last heartbeat said, unless a newer one, or a session's end, has changed that since. */
  mendActiveSessions(worker: WorkerNode, observed: number, asked: Date): Promise<boolean>;
  /** One session less than the heartbeat said, unless a newer one has come: a slot is free now, not at the next beat. */
  sessionEnded(code: string, seat: Seat, asked: Date): Promise<void>;
}

/** The rows as they stand while nobody else may place anybody. */
export interface PlacingView {
  readonly existing: Dispatch | undefined;
  readonly workers: readonly WorkerNode[];
  readonly affinity: Affinity | undefined;
}

export type Reservation =
  | { readonly kind: 'reserved'; readonly dispatch: Dispatch; readonly moved: boolean }
  | { readonly kind: 'wait'; readonly workerCode: string }
  | { readonly kind: 'full' };

export interface DispatchStore {
  /** Decides and writes as one step: no two joins, in whatever process, place from the same picture. */
  reserve(
    seat: Seat,
    decide: (view: PlacingView) => Placement,
    stamps: { now: Date; affinityUntil: Date },
  ): Promise<Reservation>;
  /** Writes down the desktop if the dispatch is still on that worker. False: somebody moved or ended it meanwhile. */
  seated(dispatch: Dispatch, desktop: Desktop, at: Date): Promise<boolean>;
  /** Gives a reservation back that led to no desktop; who had one elsewhere has that again. False: there was none any more. */
  abandon(dispatch: Dispatch): Promise<boolean>;
  find(seat: Seat): Promise<Dispatch | undefined>;
  markReleasing(seat: Seat): Promise<Dispatch | undefined>;
  /** Removes the dispatch unless a join has touched it since it was read. */
  drop(dispatch: Dispatch): Promise<boolean>;
  scan(afterId: number, limit: number): Promise<Dispatch[]>;
  activeOf(examId: number): Promise<number>;
  /** Sessions with a desktop, and those that are being released, by exam and student's name. */
  running(limit: number): Promise<RunningSession[]>;
  affinities(): Promise<Affinity[]>;
  dropAffinity(examId: number): Promise<boolean>;
}

/** When reconcile ran last, and what it did: over all processes, for whoever looks and for the next one's timer. */
export interface RunStore {
  last(): Promise<ReconcileRun | undefined>;
  put(run: ReconcileRun): Promise<void>;
}

/** One at a time over all control-plane processes. */
export type WithLock = <T>(name: string, run: () => Promise<T>) => Promise<T>;

export type WorkerAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: 'timeout' | 'unreachable' | 'refused' | 'malformed'; readonly detail: string };

export interface PrewarmCounts {
  readonly requested: number;
  readonly created: number;
  readonly failed: number;
  readonly poolAvailable: number;
}

/** Body of a prewarm call. `env` is beside the contract: a worker that does not know it leaves it aside. */
export interface PrewarmWish {
  readonly examId: number;
  readonly count: number;
  readonly env: Readonly<Record<string, string>>;
}

/** What is known of a worker that is called. */
export type CalledWorker = Pick<WorkerNode, 'code' | 'apiBaseUrl' | 'metadata'>;

/** The calls of contract section 1. */
export interface WorkerCalls {
  allocate(worker: CalledWorker, seat: Seat): Promise<WorkerAnswer<Desktop>>;
  release(worker: CalledWorker, seat: Seat): Promise<WorkerAnswer<{ message?: string | undefined }>>;
  prewarm(worker: CalledWorker, wish: PrewarmWish): Promise<WorkerAnswer<PrewarmCounts>>;
  /** Beside the contract: a worker that does not know it answers 404. */
  drain(worker: CalledWorker, draining: boolean): Promise<WorkerAnswer<{ drainStatus: string }>>;
  observe(worker: CalledWorker): Promise<Observation>;
}

export type Clock = () => Date;

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
