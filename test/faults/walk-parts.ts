import { setTimeout as pause } from 'node:timers/promises';
import type { Operation } from '../operations.ts';
import type { Rig } from '../rig/rig.ts';
import { emptied, startAgain } from './killed.ts';
import type { Scene } from './scene.ts';

const UP_MS = 60_000;

/** Kills a desktop. @returns whether it ran */
export async function killedIfRunning(rig: Rig, containerId: string): Promise<boolean> {
  return rig.docker
    .getContainer(containerId)
    .kill()
    .then(
      () => true,
      () => false,
    );
}

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

/** The parts of a worker in a walk, each broken and mended by one at a time. */
export class WalkParts {
  readonly #scene: Scene;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Kills the backend at whatever it does, and starts it again. Rises when it does not come up. */
  crash(): Promise<void> {
    const { rig } = this.#scene;
    return this.#inTurn('backend', async () => {
      await rig.stopWorker('SIGKILL');
      await rig.startWorker(UP_MS);
    });
  }

  /** Waits until it has been started again. */
  async backendIsUp(): Promise<void> {
    await this.#turns.get('backend');
  }

  line({ part, hangs, forMs }: Of<'line'>): Promise<void> {
    const line = this.#scene.lines[part];
    return this.#inTurn(part, async () => {
      await (hangs ? line.hang() : line.cut());
      await pause(forMs);
      await line.mend();
    });
  }

  service({ part, empty, forMs }: Of<'service'>): Promise<void> {
    return this.#inTurn(part, async () => {
      if (empty) await emptied(this.#scene);
      await this.#scene.rig.container(part).kill();
      await pause(forMs);
      await startAgain(this.#scene, part);
    });
  }

  #inTurn(part: string, act: () => Promise<void>): Promise<void> {
    const done = (this.#turns.get(part) ?? Promise.resolve()).then(act);
    this.#turns.set(
      part,
      done.catch(() => undefined),
    );
    return done;
  }
}
