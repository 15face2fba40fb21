import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../..', import.meta.url).pathname;
const SOURCES = ['gate-tls', 'gate-head', 'gate-http', 'allow'].map((name) => join(root, `exam-linux/build/${name}.c`));
const CHECKED = ['-std=gnu11', '-g', '-O1', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined'];
const IMAGE = process.env.EXAM_IMAGE_NAME || 'sot-exam-linux:latest';

export interface Verdict {
  readonly verdict: 'pass' | 'more' | 'refuse';
  /** Bytes that went on to the site. */
  readonly passed: number;
  readonly asked: readonly string[];
}

/** One connection: what it speaks, and its bytes in the pieces in which they come. */
export interface Feed {
  readonly kind: 'tls' | 'http' | 'websocket' | 'upgrade';
  readonly pieces: readonly Uint8Array[];
}

/** The gate's readers under the address and undefined-behaviour sanitizers: compiled here, or with the image's compiler. */
export type Judge = (feeds: readonly Feed[]) => Verdict[];

export function compileVerdicts(): { readonly judge: Judge; clear(): void } {
  const build = mkdtempSync(join(tmpdir(), 'gate-verdicts-'));
  const compile = ['gcc', ...CHECKED, '-o', join(build, 'verdicts'), join(root, 'test/integration/gate/verdicts.c')];
  const mounts = ['-v', `${root}:${root}:ro`, '-v', `${build}:${build}`];
  const here = spawnSync('gcc', ['--version']).status === 0;
  const within = (command: readonly string[]) =>
    here
      ? [...command]
      : ['docker', 'run', '--rm', '-i', ...mounts, '--entrypoint', command[0] ?? '', IMAGE, ...command.slice(1)];
  const run = (command: readonly string[], input: string) => {
    const [program = '', ...rest] = within(command);
    const ended = spawnSync(program, rest, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
    if (ended.status !== 0) throw new Error(`${command[0]} ended with ${ended.status}: ${ended.stderr}`);
    return ended.stdout;
  };
  run([...compile, ...SOURCES], '');
  const judge: Judge = (feeds) => {
    const lines = feeds.map(
      ({ kind, pieces }) => `${kind} ${pieces.map((p) => Buffer.from(p).toString('hex')).join(',')}`,
    );
    const answers = run([join(build, 'verdicts')], `${lines.join('\n')}\n`)
      .trimEnd()
      .split('\n');
    if (answers.length !== feeds.length) throw new Error(`${feeds.length} connections, ${answers.length} verdicts`);
    return answers.map((line) => {
      const [verdict, passed, ...asked] = line.split(' ');
      return { verdict: verdict as Verdict['verdict'], passed: Number(passed), asked };
    });
  };
  return { judge, clear: () => rmSync(build, { recursive: true }) };
}

export const one = (judge: Judge, kind: Feed['kind'], ...pieces: readonly (string | Buffer)[]): Verdict =>
  judge([{ kind, pieces: pieces.map((piece) => Buffer.from(piece as string, 'latin1')) }])[0] as Verdict;
export const whole = (verdict: Verdict['verdict'], passed: number, ...asked: string[]) => ({ verdict, passed, asked });
/** The bytes cut in two at every border, and into single bytes. */
export const cuts = (kind: Feed['kind'], bytes: Buffer): Feed[] => [
  ...Array.from({ length: bytes.length - 1 }, (_, at) => ({
    kind,
    pieces: [bytes.subarray(0, at + 1), bytes.subarray(at + 1)],
  })),
  { kind, pieces: [...bytes].map((byte) => Buffer.from([byte])) },
];
