import { execFileSync } from 'node:child_process';
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

/** What the exam site's server has received: asked inside its container, since nothing else leads there. */
export function received(): { answers: Written[]; typed: Written[] } {
  const ask = "fetch('http://127.0.0.1/answers').then((r) => r.text()).then((t) => console.log(t))";
  return JSON.parse(docker('exec', service('sample_exam'), 'node', '-e', ask));
}

/** Names of the desktops on this worker's network. */
export function desktops(): string[] {
  return docker('ps', '--filter', `network=${target.project}_exam_net`, '--format', '{{.Names}}')
    .split('\n')
    .filter((name) => name.startsWith('exam_'));
}
