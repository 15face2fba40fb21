import { type Cast, comesAndGoes, type Fault, GOAL_MS, openScene, PROOF_MS, type Scene } from './scene.ts';
import { isHeld, NEVER, NOT_BACK, type Row, told } from './table.ts';

const LOG_SHOWN = 6_000;
const SETTINGS = {
  // What students leave is kept through all faults, a clock two hours ahead among them.
  EXAM_WORKSPACE_KEEP_HOURS: '24',
  EXAM_PROOF_EVERY_SEC: String(PROOF_MS / 1000),
};

const NO_SCENE = 'no scene to provoke it on: see above';

type Opened = Awaited<ReturnType<typeof openScene>>;

/** Provokes one fault after the other on one scene; on a new one where it did not come back. */
export async function provokeAll(faults: readonly Fault[], cast: Cast): Promise<Row[]> {
  const rows: Row[] = [];
  let opened: Opened | undefined;
  const takenDown = (): void => {
    console.log('… interrupted: taking all down');
    void (opened?.close() ?? Promise.resolve()).finally(() => process.exit(130));
  };
  process.once('SIGINT', takenDown).once('SIGTERM', takenDown);
  for (const fault of faults) {
    try {
      opened ??= await openForFaults(cast);
    } catch (error) {
      console.log(error);
      // A scene that cannot be opened twice, one after the other, will not be for the next either.
      const rest = rows.at(-1)?.provoked === NO_SCENE ? faults.slice(faults.indexOf(fault)) : [fault];
      rows.push(...rest.map(({ name }) => ({ fault: name, provoked: NO_SCENE, ...NOT_BACK })));
      if (rest.length > 1) break;
      continue;
    }
    console.log(`… ${fault.name}`);
    const row = await provoke(fault, opened.scene, cast.slack);
    console.log(`  ${told(row)}`);
    rows.push(row);
    if (row.backMs !== NEVER) continue;
    rows.push(...(await closed(opened)));
    opened = undefined;
  }
  if (opened) rows.push(...(await closed(opened)));
  process.off('SIGINT', takenDown).off('SIGTERM', takenDown);
  return rows;
}

async function openForFaults(cast: Cast): Promise<Opened> {
  const opened = await openScene({ ...cast, env: { ...SETTINGS, ...cast.env } });
  try {
    // Somebody has handed in before anything breaks.
    await comesAndGoes(opened.scene, opened.scene.newcomer());
    await opened.scene.invariants.settled();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What cannot be taken down is as bad as what does not come back. */
async function closed({ close }: Opened): Promise<Row[]> {
  return close().then(
    () => [],
    (error: unknown) => [{ fault: 'all taken down', provoked: String(error), ...NOT_BACK }],
  );
}

async function provoke(fault: Fault, scene: Scene, slack: number): Promise<Row> {
  const { invariants, rig } = scene;
  const { name, replaces = false } = fault;
  const { usableMs: usableIn, backMs: backIn = GOAL_MS } = fault.goals ?? {};
  const goals = { usableMs: (usableIn ?? backIn) * slack, backMs: backIn * slack };
  const from = rig.log.length;
  const broken = performance.now();
  const provoked = await fault.act(scene).then(
    () => true as const,
    (error: unknown) => String(error instanceof Error ? error.message : error).slice(0, 300),
  );
  const back = performance.now();
  try {
    await invariants.settled();
    const seen = await invariants.painted();
    const usable = performance.now();
    const held = { seen, ...(await invariants.check(replaces)) };
    // What was right when it was first looked at was so when all were usable.
    const right = Math.max(usable, invariants.cameRightAt);
    const usableMs = Math.round(usable - (usableIn === undefined ? back : broken));
    const row = { fault: name, provoked, goals, usableMs, backMs: Math.round(right - back), held };
    if (!isHeld(row)) console.log(rig.log.slice(from).slice(-LOG_SHOWN));
    return row;
  } catch (error) {
    console.log(rig.log.slice(from).slice(-LOG_SHOWN));
    const words = `${provoked === true ? '' : `${provoked}; `}${error instanceof Error ? error.message : error}`;
    return { fault: name, provoked: words, ...NOT_BACK };
  }
}
