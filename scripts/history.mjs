// Prints what GET /api/vdi/cluster/history says of a student's sessions. Run by status.sh in a container; ends with 1 when the
// worker does not answer, or knows of no session.
import { env, exit, stdout } from 'node:process';

const { STATUS_URL, STATUS_TOKEN, HISTORY_QUERY } = env;

const print = (line) => stdout.write(`${line}\n`);
const clock = (iso) => (iso ? iso.replace('T', ' ').replace(/\.\d+Z$/, ' UTC') : 'not known');

// An exam site is hoped to be open.
const isAsWanted = ({ want, got }) => got === (want === 'hoped' ? 'open' : want);

function words({ at: _at, kind: _kind, record, imageId, template: _template, ...detail }) {
  const image = imageId ? [`image ${imageId.slice(0, 19)}`] : [];
  const told = Object.entries(detail).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const broken = (record?.results ?? []).filter((result) => !isAsWanted(result)).map((result) => result.try);
  const tries = record?.results
    ? [`${record.results.length} attempts, ${broken.length ? `not as wanted: ${broken.join(', ')}` : 'all as wanted'}`]
    : [];
  return [...told, ...image, ...tries].join('; ');
}

function show(session) {
  const end = session.endedAt ? `${clock(session.endedAt)} (${session.endReason})` : 'goes on';
  print(`SESSION on ${session.worker}, ${session.containerName}, from ${clock(session.beganAt)} to ${end}`);
  for (const event of session.events) print(`  ${clock(event.at)}  ${event.kind.padEnd(18)} ${words(event)}`.trimEnd());
}

let answer;
try {
  answer = await fetch(`${STATUS_URL}/api/vdi/cluster/history?${HISTORY_QUERY}`, {
    headers: { 'x-cluster-token': STATUS_TOKEN },
    signal: AbortSignal.timeout(30_000),
  });
} catch (error) {
  print(`WORKER does not answer: ${error.cause?.message ?? error.message}`);
  exit(1);
}
const said = await answer.json();
if (!answer.ok) {
  print(`WORKER answered ${answer.status}: ${said.message}`);
  exit(1);
}
for (const session of said.sessions) show(session);
if (said.note) print(`NOT COMPLETE: ${said.note}`);
if (said.sessions.length === 0) print('No session of this student in this exam is known.');
exit(said.sessions.length === 0 ? 1 : 0);
