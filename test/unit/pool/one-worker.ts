import type { HostLeft } from '../../../src/desktop/capacity.ts';
import type { HostLoad } from '../../../src/desktop/refill-pace.ts';
import type { PoolSettings } from '../../../src/pool/parts.ts';
import { Pool } from '../../../src/pool/pool.ts';
import { keyOf } from '../desktop/signed.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeDrainMemory, FakeHolder, FakeLedger, FakeMirror, SILENT } from './fake-ports.ts';
import { VirtualTime } from './virtual-time.ts';

const SETTINGS: PoolSettings = {
  worker: 'w1',
  maxDesktops: 6,
  prewarmMax: 200,
  createWidth: 3,
  desktopMemoryMb: 2048,
  readyTimeoutMs: 90_000,
  answerWithinMs: 12_000,
  template: 'template-one',
  network: '10.213.0.0/20',
  workspaceKeepMs: 3_600_000,
  proofEveryMs: 60_000,
  strictLock: true,
};

/** One worker on a fake engine in virtual time. `crash` ends its process and starts the next over the same engine. */
export class OneWorker {
  readonly time = new VirtualTime();
  readonly engine = new FakeEngine(this.time);
  readonly mirror = new FakeMirror();
  /** What the host has left: plenty, unless a test takes it. */
  left: HostLeft = {};
  /** How far somebody has set the host's clock. Milliseconds. */
  clockOff = 0;
  load: HostLoad = { cores: 2, stalled: 0, perCore: 0 };
  readonly ledger = new FakeLedger();
  readonly drainMemory = new FakeDrainMemory();
  readonly settings: PoolSettings;
  holder = new FakeHolder();
  pool: Pool;
  #client = this.engine.client();
  #ids = 0;

  constructor(settings: Partial<PoolSettings> = {}) {
    this.time.install();
    this.settings = { ...SETTINGS, ...settings };
    this.pool = this.#newPool();
  }

  /** The process dies in the middle of whatever it does, and starts anew. */
  crash(): void {
    this.#client.kill();
    void this.pool.stop();
    this.holder = new FakeHolder();
    this.pool = this.#newPool();
  }

  start(): this {
    void this.pool.start();
    return this;
  }

  #newPool(): Pool {
    const client = this.engine.client();
    this.#client = client;
    return new Pool({
      settings: this.settings,
      engine: client,
      host: { left: async () => this.left, load: () => this.load },
      mirror: this.mirror,
      ledger: this.ledger,
      drainMemory: this.drainMemory,
      holder: this.holder,
      clock: () => this.time.now + this.clockOff,
      log: SILENT,
      proofKeysOf: (id) => [keyOf(id)],
      newId: () => `d${++this.#ids}`,
      random: () => 0.5,
    });
  }
}
