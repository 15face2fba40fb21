import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';
import { AS_STUDENT } from '../../rig/student.ts';

// Where a desktop can be written at all.
const rig = new Rig({ name: 'read-only' });
const WALK = readFileSync(new URL('writable.pl', import.meta.url), 'utf8');
const DROPPED = ['/usr/lib/exam/drop'];
const STUDENT = [...DROPPED, ...AS_STUDENT];

let containerId = '';

beforeAll(async () => {
  await rig.start();
  containerId = await rig.until('a desktop', async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 93, userId: 1 });
    return answer.status === 200 && answer.body.containerId;
  });
});
afterAll(() => rig.stop());

/** Every folder and file of the whole tree that these hands can write, the processes' own aside; the topmost of each only. */
async function writable(as: string[]): Promise<string[]> {
  const { output } = await rig.exec(containerId, [...as, 'perl', '-e', WALK], 'root');
  const places = output.trim().split(/\r?\n/).sort();
  return places.filter((place) => !places.some((other) => place.startsWith(`${other}/`)));
}

describe('a desktop can be written', () => {
  test('by root after the start: in the places that are named, and nowhere else', async () => {
    expect(await writable(DROPPED)).toEqual(['/dev', '/home', '/run', '/tmp']);
  });

  test('by the student: his home, what is temporary, and the sockets of his session', async () => {
    expect(await writable(STUDENT)).toEqual([
      '/dev/mqueue',
      '/dev/shm',
      '/home/student',
      '/run/user/1000',
      '/run/xrdp/sockdir',
      '/tmp',
    ]);
  });
});

describe('a desktop is held by its create options', () => {
  const seen = async (script: string) => (await rig.exec(containerId, ['bash', '-c', script], 'student')).output;

  test('no memory dumps, no file beyond 2 GB, no new privileges', async () => {
    expect(await seen('ulimit -Hc; ulimit -Hf; grep NoNewPrivs /proc/self/status')).toMatch(
      /^0\r?\n2097152\r?\nNoNewPrivs:\s1/,
    );
    const sizes = await seen(
      'cd ~/workspace; truncate -s 2G big && echo up to 2G; truncate -s 3G big || echo not 3G; rm big',
    );
    expect(sizes).toMatch(/up to 2G[\s\S]*not 3G/);
  });

  test('what is temporary is bounded', async () => {
    const filled = await seen('head -c 400M /dev/zero > /tmp/big; stat -c %s /tmp/big; rm /tmp/big');
    // The folders in it take a block or two.
    expect(filled).toMatch(/No space left[\s\S]*\b2684[0-3]\d{4}\b/);
  });

  test('the host’s load, kernel and hardware are out of sight', async () => {
    const shown =
      'cat /proc/{pressure/*,kallsyms,modules,cmdline,diskstats,partitions,interrupts} 2>/dev/null; ls /sys/{kernel,module,block,firmware}/';
    expect((await seen(shown)).replaceAll(/\/sys\/\w+\/:|\s/g, '')).toBe('');
  });

  test('what the engine hides by itself is hidden, and no namespace is shared, whatever its defaults are', async () => {
    const host = async (id: string) => (await rig.docker.getContainer(id).inspect()).HostConfig;
    const desktop = await host(containerId);
    const plain = await host(rig.container('redis').id);
    expect(plain.MaskedPaths?.length).toBeGreaterThan(5);
    expect(desktop.MaskedPaths).toEqual(expect.arrayContaining(plain.MaskedPaths ?? []));
    expect(desktop.ReadonlyPaths).toEqual(plain.ReadonlyPaths);
    expect(desktop).toMatchObject({ IpcMode: 'private', CgroupnsMode: 'private', PidMode: '', UTSMode: '' });
  });

  test('compilers, debugger and interpreters work for all that', async () => {
    const work = [
      'make -sC c && ./c/hello',
      'g++ -o /tmp/sum cpp/sum.cpp && echo 2 40 2 | /tmp/sum',
      'gdb -batch -ex "break main" -ex run -ex "print 6*7" c/hello 2>&1 | grep "= 42"',
      'python3 python/hello.py',
      'java java/Hello.java',
    ];
    for (const script of work) {
      const { code, output } = await rig.exec(
        containerId,
        ['env', 'HOME=/home/student', 'bash', '-ec', `cd ~/workspace && ${script}`],
        'student',
      );
      expect(code, output).toBe(0);
    }
  });
});
