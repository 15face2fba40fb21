import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { target } from './browser.ts';

interface Written {
  readonly from: string;
  readonly text: string;
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}

function service(name: string): string {
  const project = `label=com.docker.compose.project=${target.project}`;
  const id = docker('ps', '--quiet', '--filter', project, '--filter', `label=com.docker.compose.service=${name}`);
  if (!id) throw new Error(`the service ${name} of ${target.project} does not run`);
  return id;
}

const ASK = ['node', '-e', "fetch('http://127.0.0.1/answers').then((r) => r.text()).then((t) => console.log(t))"];

/** What the exam site's server has received: asked inside its container, since nothing else leads there. */
export function received(): { answers: Written[]; typed: Written[] } {
  return JSON.parse(docker('exec', service('sample_exam'), ...ASK));
}

/** What it has heard being typed, for a test that carries the page's own bytes and must not stand still meanwhile. */
export async function typedNow(): Promise<Written[]> {
  const { stdout } = await promisify(execFile)('docker', ['exec', service('sample_exam'), ...ASK]);
  return JSON.parse(stdout).typed;
}

/** Names of the desktops on this worker's network. */
export function desktops(): string[] {
  return docker('ps', '--filter', `network=${target.project}_exam_net`, '--format', '{{.Names}}')
    .split('\n')
    .filter((name) => name.startsWith('exam_'));
}
