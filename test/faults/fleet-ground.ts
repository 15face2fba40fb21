import pg from 'pg';

/** What is to be taken down, last first. */
export type Closing = (() => Promise<unknown>)[];

/** Runs it and takes all down that it has opened, also where it was interrupted. @returns the exit code */
export async function closedAtLast(run: (closing: Closing) => Promise<void>): Promise<number> {
  const closing: Closing = [];
  let code = 0;
  const broken = (error: unknown): void => {
    console.log(error);
    code = 1;
  };
  const takenDown = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close().catch(broken);
  };
  const interrupted = (): void => {
    console.log('… interrupted: taking all down');
    void takenDown().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  await run(closing).catch(broken);
  await takenDown();
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  return code;
}

/** Students' names are unique on an engine, and others may use this one: numbers that nobody else has. */
export async function startExamsAt(id: number, address: pg.ClientConfig): Promise<void> {
  const db = new pg.Client({ ...address });
  await db.connect();
  await db.query(`select setval('exams_id_seq', $1)`, [id]).finally(() => db.end());
}
