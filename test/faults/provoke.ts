import { type Cast, type Fault, openScene, type Scene } from './scene.ts';
import { isHeld, type Row } from './table.ts';

/** Everything as it was, this long after the part is back. */
const GOAL_MS = 10_000;
const LOG_SHOWN = 6_000;

/** Provokes one fault after the other on one scene. */
export async function provokeAll(faults: readonly Fault[], cast: Cast): Promise<Row[]> {
  const rows: Row[] = [];
  if (faults.length === 0) return rows;
  const { scene, close } = await openScene(cast);
  for (const fault of faults) rows.push(await provoke(fault, scene, cast.slack));
  // What cannot be taken down is as bad as what does not come back.
  await close().catch((error: unknown) => {
    rows.push({ fault: 'all taken down', provoked: String(error), goalMs: GOAL_MS, backMs: Number.POSITIVE_INFINITY });
  });
  return rows;
}

async function provoke(fault: Fault, scene: Scene, slack: number): Promise<Row> {
  const { invariants, rig } = scene;
  const { name, replaces = false } = fault;
  const goalMs = (fault.goalMs ?? GOAL_MS) * slack;
  console.log(`… ${name}`);
  const from = rig.log.length;
  const provoked = await fault.act(scene).then(
    () => true as const,
    (error: unknown) => String(error instanceof Error ? error.message : error).slice(0, 300),
  );
  const began = performance.now();
  try {
    await invariants.settled();
    const seen = await invariants.painted();
    // Until everything is settled and every student has seen his desktop painted.
    const backMs = Math.round(performance.now() - began);
    const row = { fault: name, provoked, goalMs, backMs, held: { seen, ...(await invariants.check(replaces)) } };
    if (!isHeld(row)) console.log(rig.log.slice(from).slice(-LOG_SHOWN));
    return row;
  } catch (error) {
    console.log(rig.log.slice(from).slice(-LOG_SHOWN));
    const words = `${provoked === true ? '' : `${provoked}; `}${error instanceof Error ? error.message : error}`;
    return { fault: name, provoked: words, goalMs, backMs: Number.POSITIVE_INFINITY };
  }
}
