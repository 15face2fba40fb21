import { execFile } from 'node:child_process';
import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The pack's shell parts in a folder of their own, with a `docker` on the PATH that fails as it is told and notes its calls. */
export class Pack {
  static async lay(): Promise<Pack> {
    const pack = new Pack(await mkdtemp(join(tmpdir(), 'vdi start-')));
    const source = new URL('../../', import.meta.url).pathname;
    const parts = ['start.sh', 'stop.sh', 'status.sh', 'bootstrap-worker.sh', 'scripts', 'docker'];
    for (const part of [...parts, 'docker-compose.yml', '.env.worker.example']) {
      await cp(join(source, part), join(pack.root, part), { recursive: true });
    }
    for (const folder of ['bin', 'exam-linux', 'src', 'docs']) await mkdir(join(pack.root, folder));
    for (const file of ['exam-linux/Dockerfile', 'exam-linux/seccomp.json', 'docs/openapi.yaml', 'src/worker.ts']) {
      await writeFile(join(pack.root, file), '');
    }
    for (const file of ['package.json', 'package-lock.json']) await writeFile(join(pack.root, file), '{}');
    await writeFile(join(pack.root, 'bin/docker'), SHIM);
    await chmod(join(pack.root, 'bin/docker'), 0o755);
    return pack;
  }

  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** What the builds of the desktop's image answer, in turn; after that they succeed. */
  async buildsAnswer(...answers: readonly string[]): Promise<void> {
    for (const [index, text] of answers.entries()) await this.write(`answer-${index + 1}`, text);
  }

  /** Lines as `docker ps` would print them, for every listing of desktops. */
  desktops(...names: readonly string[]): Promise<void> {
    return this.write('desktops', names.map((name) => `${name}\n`).join(''));
  }

  /** An image that the engine has. */
  async has(image: string): Promise<void> {
    await appendFile(join(this.root, 'present'), `${image}\n`);
  }

  /** Runs one of the pack's commands without a terminal. */
  run(command: string, environment: Readonly<Record<string, string>> = {}): Promise<Run> {
    return shell(this.root, command, environment);
  }

  /** Runs it on a terminal of its own (script(1) makes one) with these answers typed. */
  typeInto(command: string, answers: string): Promise<Run> {
    return shell(this.root, `printf '%s\\n' '${answers}' | script -qec '${command}' /dev/null`, {});
  }

  /** The docker calls that change something, as `BUILDKIT=1 build`, `builder prune --force`, `rm --force …`. */
  async changes(): Promise<string[]> {
    const lines = (await readFile(join(this.root, 'calls'), 'utf8').catch(() => '')).split('\n');
    return lines.filter((line) => line !== '');
  }

  read(file: string): Promise<string> {
    return readFile(join(this.root, file), 'utf8');
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.root, file), text);
  }

  clear(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }
}

export interface Run {
  readonly status: number;
  readonly output: string;
}

function shell(root: string, command: string, environment: Readonly<Record<string, string>>): Promise<Run> {
  const env = {
    HOME: root,
    PATH: `${join(root, 'bin')}:${process.env.PATH}`,
    SHIM: root,
    RETRY_PAUSE_SEC: '0',
    READY_WAIT_SEC: '0',
    HEARTBEAT_WAIT_SEC: '0',
    ...environment,
  };
  return new Promise((resolve) => {
    const child = execFile('bash', ['-c', command], { cwd: root, env, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : error ? -1 : 0, output: stdout + stderr });
    });
    child.stdin?.end();
  });
}

const SHIM = String.raw`#!/usr/bin/env bash
set -euo pipefail
note() { printf '%s\n' "$*" >>"$SHIM/calls"; }
is_exam_build() { [[ " $* " == *" sot-exam-linux:latest "* ]]; }
case "$1" in
  version) echo 26.1.5 ;;
  pull) echo 'no such host'; exit 1 ;;
  buildx) ;;
  image) # every base image is there; of the two that are built, those named in "present"
    image="${'$'}{*: -1}"
    case "$image" in
      vdi-local/*) echo sha256:base ;;
      *) grep -qxF -e "$image" "$SHIM/present" 2>/dev/null && echo "" ;;
    esac ;;
  build)
    is_exam_build "$@" || exit 0
    note "BUILDKIT=$DOCKER_BUILDKIT build"
    turn=$(grep -c build$ "$SHIM/calls")
    [[ -e "$SHIM/answer-$turn" ]] || exit 0
    echo '#5 [2/3] RUN something'
    cat "$SHIM/answer-$turn" >&2
    exit 1 ;;
  --host) exit 1 ;; # no dockerd of our own
  volume) [[ -e "$SHIM/old-database" ]] ;;
  builder) note "$*" ;;
  ps) cat "$SHIM/desktops" 2>/dev/null || true ;;
  rm) note "$*" ;;
  compose)
    for word in "$@"; do
      case "$word" in
        run) cat "$SHIM/settings-read" 2>/dev/null || true; break ;;
        up) printf '%s\n' "$*" "hosts $GUACD_HOSTS" "$(env | grep '^GUACD_._CPUS=')" >"$SHIM/up" ;;&
        up) [[ ! -e "$SHIM/up-fails" ]] || { cat "$SHIM/up-fails"; exit 1; } ;;&
        up | down | stop | rm) note "compose $word" ;;
        exec)
          [[ "$*" == *heartbeat.ts* && -e "$SHIM/no-beat" ]] && exit 1
          if [[ "$*" == *passwords.ts* ]]; then
            cat "$SHIM/passwords" 2>/dev/null || true
          else
            echo '{"ready":true}'
          fi ;;
        ps) cat "$SHIM/containers" 2>/dev/null || true ;;
        config)
          # Whether the settings can be read the real compose says: no engine is needed for that.
          [[ "$*" != *--quiet* ]] || exec env PATH="${'$'}{PATH#*:}" docker "$@"
          cat "$SHIM/services" 2>/dev/null || true ;;
        logs) cat "$SHIM/no-beat" ;;
      esac
    done ;;
  *) note "unexpected: $*"; exit 99 ;;
esac
`;
