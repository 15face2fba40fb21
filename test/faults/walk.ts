// A seeded random walk over a real worker with real desktops. Its operations follow from the seed alone; what must be so
// at all times is looked at while it goes, and everything else when it has ended and all is well again.
import { setTimeout as pause } from 'node:timers/promises';
import { assertNever } from '../../src/desktop/assert-never.ts';
import { inWords, type Operation } from '../operations.ts';
import { Seeded } from '../seeded.ts';
import { openScene, type Scene } from './scene.ts';
import { WalkCalls } from './walk-calls.ts';
import { MOST_DESKTOPS, type Step, WALK, walkOf } from './walk-cast.ts';
import { WalkDiary } from './walk-diary.ts';
import { endsWell } from './walk-end.ts';
import { killedIfRunning, WalkParts } from './walk-parts.ts';
import { type Walked, WalkStudent } from './walk-student.ts';
import { WalkTunnels } from './walk-tunnels.ts';
import { watching } from './walk-watch.ts';

/** Operations under way at a time. */
const MOST_AT_ONCE = 16;
const TOLD_EVERY = 50;

/** Walks, and prints how it went. @returns the exit code */
export async function walk(seed: number, length: number, engine: string): Promise<number> {
  console.log(`walk of ${length} operations, seed ${seed}; again with: npm run faults -- --walk --seed ${seed}`);
  const env = {
    EXAM_VM_CPUS: '0.05',
    EXAM_VM_MEMORY_MB: '640',
    WORKER_TOTAL_MEMORY_MB: String(1024 + 640 * MOST_DESKTOPS),
    // So that whoever comes again begins anew, and what he left must be gone.
    EXAM_WORKSPACE_KEEP_HOURS: '0',
  };
  const { scene, close } = await openScene({ random: new Seeded(seed), students: 0, warm: 4, slack: 1, engine, env });
  try {
    return await new Walk(scene, seed).go(walkOf(seed, length));
  } finally {
    await close();
  }
}

class Walk implements Walked {
  readonly rig: Scene['rig'];
  readonly servedTo = new Map<string, string>();
  readonly died = new Set<string>();
  readonly diary = new WalkDiary();
  readonly students: readonly WalkStudent[];
  readonly #scene: Scene;
  readonly #seed: number;
  readonly #parts: WalkParts;
  readonly #calls: WalkCalls;
  readonly #tunnels: WalkTunnels;
  readonly #open = new Set<Promise<void>>();
  #number = 0;
  #law: string | undefined;

  constructor(scene: Scene, seed: number) {
    this.#scene = scene;
    this.#seed = seed;
    this.rig = scene.rig;
    this.students = WALK.seats.map((seat) => new WalkStudent(seat, this));
    this.#parts = new WalkParts(scene);
    this.#calls = new WalkCalls(this);
    this.#tunnels = new WalkTunnels(this);
  }

  readonly broken = (law: string): void => {
    this.diary.note(`BROKEN ${law}`);
    this.#law ??= `after operation ${this.#number}: ${law}`;
  };

  async go(steps: readonly Step[]): Promise<number> {
    const began = performance.now();
    const onStray = (error: Error): void => this.broken(`the test itself: ${error.stack}`);
    process.on('uncaughtException', onStray).on('unhandledRejection', onStray);
    const stopWatching = watching(this, MOST_DESKTOPS);
    try {
      for (const { operation, pauseMs } of steps) {
        if (this.#law) break;
        this.#begin(operation);
        await pause(pauseMs);
        if (operation.kind === 'crash' && operation.waits) await this.#parts.backendIsUp();
        while (this.#open.size >= MOST_AT_ONCE) await Promise.race(this.#open);
        if (this.#number % TOLD_EVERY === 0) this.#tell(steps.length, began);
      }
      await Promise.all(this.#open);
      if (!this.#law) await endsWell(this.#scene, this, this.#calls);
    } catch (error) {
      this.broken(String(error instanceof Error ? error.message : error));
    } finally {
      stopWatching();
      process.off('uncaughtException', onStray).off('unhandledRejection', onStray);
    }
    console.log(this.diary.counted());
    const path = await this.diary.keep(this.#seed, this.rig.log);
    if (this.#law === undefined) {
      console.log(`1 passed, 0 failed: ${this.#number} operations, seed ${this.#seed}; diary: ${path}`);
      return 0;
    }
    console.log(`${this.diary.last()}\n\n0 passed, 1 failed: seed ${this.#seed}, ${this.#law}\ndiary: ${path}`);
    return 1;
  }

  #begin(operation: Operation): void {
    const number = ++this.#number;
    this.diary.note(`#${number} ${inWords(operation)}`);
    this.diary.count(operation.kind);
    const done: Promise<void> = this.#act(operation)
      .catch((error: unknown) => this.broken(`#${number}: ${error instanceof Error ? error.message : error}`))
      .finally(() => this.#open.delete(done));
    this.#open.add(done);
  }

  async #act(operation: Operation): Promise<void> {
    const calls = this.#calls;
    switch (operation.kind) {
      case 'allocate':
        return calls.allocate(this.#student(operation), operation);
      case 'release':
        return this.#release(operation);
      case 'join':
        return this.#join(operation);
      case 'work':
        return void (await calls.work(this.#student(operation)));
      case 'prewarm':
        return calls.lost('prewarm', { examId: operation.examId, count: operation.count });
      case 'reconcile':
        return calls.lost('reconcile', {});
      case 'crash':
        return this.#parts.crash();
      case 'line':
        return this.#parts.line(operation);
      case 'service':
        return this.#parts.service(operation);
      case 'die':
        return this.#die(this.#student(operation).desktop?.containerId);
      case 'die waiting': {
        const waiting = (await this.rig.desktops()).filter(({ Names }) => Names[0]?.includes('_pool_'));
        return this.#die(waiting[operation.nth % waiting.length]?.Id);
      }
      case 'hold lost':
      case 'lost':
      case 'lock broken':
      case 'new image':
        throw new Error(`${operation.kind} is of the pure walk only`);
      default:
        assertNever(operation);
    }
  }

  async #release(operation: Extract<Operation, { kind: 'release' }>): Promise<void> {
    const student = this.#student(operation);
    const earlier = student.desktop?.connection.token;
    await this.#calls.release(student, operation);
    if (earlier !== undefined) await this.#tunnels.staysOut(student, earlier);
  }

  async #join(operation: Extract<Operation, { kind: 'join' }>): Promise<void> {
    const student = this.#student(operation);
    await this.#calls.allocate(student, { times: 1, hangUpMs: undefined });
    if (student.desktop) await this.#tunnels.join(student.desktop, operation);
    else this.diary.count('no join without a desktop');
  }

  async #die(containerId: string | undefined): Promise<void> {
    if (containerId === undefined) return;
    // Known before it happens: another may be in its place before the engine has answered.
    this.died.add(containerId);
    if (await killedIfRunning(this.rig, containerId)) this.diary.count('desktops killed');
  }

  #student({ seat }: { seat: WalkStudent['seat'] }): WalkStudent {
    const student = this.students.find((each) => each.seat.userId === seat.userId);
    if (!student) throw new Error(`no student ${seat.userId}`);
    return student;
  }

  #tell(of: number, began: number): void {
    const seated = this.students.filter(({ desktop }) => desktop).length;
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`… ${this.#number} of ${of}, ${seated} students seated, ${seconds} s`);
  }
}
