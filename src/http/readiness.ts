/** Checks one thing that the worker needs; rises with what is wrong. */
export type Check = (signal: AbortSignal) => Promise<void>;

const EVERY_MS = 5_000;
const LIMIT_MS = 3_000;

/** Looks at each thing the worker needs, over and over, so that /readyz answers at once with what was last seen. */
export class Readiness {
  readonly #checks: Readonly<Record<string, Check>>;
  readonly #wrong = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(checks: Readonly<Record<string, Check>>) {
    this.#checks = checks;
    for (const name of Object.keys(checks)) this.#wrong.set(name, 'not checked yet');
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
    await this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** What is wrong, one line each; empty when all is well. */
  reasons(): string[] {
    return [...this.#wrong].map(([name, problem]) => `${name}: ${problem}`);
  }

  async #look(): Promise<void> {
    await Promise.all(
      Object.entries(this.#checks).map(async ([name, check]) => {
        try {
          await inTime(check);
          this.#wrong.delete(name);
        } catch (error) {
          this.#wrong.set(name, error instanceof Error ? error.message : String(error));
        }
      }),
    );
  }
}

/** A check that hangs counts as failed, whether or not it heeds the signal. */
async function inTime(check: Check): Promise<void> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${LIMIT_MS} ms`)), { once: true });
  });
  await Promise.race([check(signal), late]);
}
