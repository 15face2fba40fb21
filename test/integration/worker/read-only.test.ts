import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';
import { AS_STUDENT } from '../../rig/student.ts';

// Where a desktop can be written at all, and how much.
const rig = new Rig({ name: 'read-only', env: { EXAM_WORKSPACE_LIMIT_MB: '64' } });
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

  test('no memory dumps, no file beyond the browser’s 512 MB where the limit is less, no new privileges', async () => {
    expect(await seen('ulimit -Hc; ulimit -Hf; grep NoNewPrivs /proc/self/status')).toMatch(
      /^0\r?\n524288\r?\nNoNewPrivs:\s1/,
    );
    const sizes = await seen(
      'cd ~/workspace; truncate -s 512M big && echo up to 512M; truncate -s 600M big || echo not 600M; rm big',
    );
    expect(sizes).toMatch(/up to 512M[\s\S]*not 600M/);
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

describe('a student’s files have a limit', () => {
  // Files of 10 MB without end, each closed before the next: none comes near a limit of its own.
  const RUNAWAY = `
    #include <stdio.h>
    int main(void) {
      static char block[10 << 20];
      for (int n = 0;; n++) {
        char name[32];
        sprintf(name, "out%d", n);
        FILE *file = fopen(name, "w");
        if (!file || !fwrite(block, sizeof block, 1, file)) return 1;
        fclose(file);
      }
    }`;
  const asStudent = async (script: string) =>
    (await rig.exec(containerId, ['env', 'HOME=/home/student', 'bash', '-c', `cd ~/workspace; ${script}`], 'student'))
      .output;
  const files = async () => (await rig.call('/api/vdi/cluster/status')).body.desktops[0]?.files;
  const degraded = async () => (await rig.call('/readyz')).body.degraded.join();
  const windows = () => asStudent('DISPLAY=:10 wmctrl -l');
  // It comes up a moment after what is told.
  const shown = (title: RegExp) => rig.until(`a window ${title}`, async () => title.test(await windows()));
  const until = (level: string) => rig.until(`files that are ${level}`, async () => (await files())?.level === level);

  test('whether the engine’s disk keeps it is found out and told', async () => {
    const { workspaceLimit } = (await rig.call('/api/vdi/cluster/status')).body;
    expect(workspaceLimit).toEqual({ mb: 64, hard: expect.any(Boolean) });
  });

  test('near it the student is told in a window, in both languages, and the operator is not bothered', async () => {
    await until('fine');
    await asStudent('head -c 54M /dev/zero > much');
    await until('near');
    await shown(/Sắp hết chỗ lưu tệp · Little room is left/);
    expect(await degraded()).not.toContain('exam_93_u1');
  });

  test('nothing hides a file: no mode of a folder, no deletion while it is open', async () => {
    await asStudent('rm much; mkdir -p a/b; head -c 40M /dev/zero > a/b/f; chmod 0 a/b a');
    const hidden = 'exec 9> gone; head -c 40M /dev/zero >&9; rm gone; : > held; sleep 60';
    await asStudent(`setsid bash -c '${hidden}' < /dev/null > /dev/null 2>&1 & until [ -e held ]; do sleep 0.1; done`);
    await until('full');
    expect(await degraded()).toMatch(/exam_93_u1: its student’s files are at 1\d\d % of their limit/);
    await asStudent('chmod 700 a; chmod 700 a/b; rm -r a; rm held; pkill -f "sleep 60"');
    await until('fine');
    await rig.until('the window gone', async () => !(await windows()).includes('lưu tệp'));
  });

  test('a program that writes on and on is ended; desktop and what was saved stay, and the history names it', async () => {
    await asStudent(`cat > runaway.c <<'C'\n${RUNAWAY}\nC\ngcc -o runaway runaway.c && echo saved > answer.txt`);
    const before = await windows();
    expect(await asStudent('./runaway; echo "ended with $?"')).toContain('ended with 137');
    await until('over');
    await shown(/Chương trình đã bị dừng · A program was ended/);
    for (const window of before.split(/\r?\n/).filter((line) => line.includes('Chromium')))
      expect(await windows()).toContain(window.split(' ')[0]);
    expect(await asStudent('cat answer.txt; rm out*')).toContain('saved');
    await until('fine');
    const { sessions } = (await rig.call('/api/vdi/cluster/history?examId=93&userId=1')).body;
    const told = sessions[0].events.filter(({ kind }: { kind: string }) => kind === 'files');
    // A level that lasted less than a quarter of a minute may not have been told.
    expect(told.map(({ level }: { level: string }) => level)).toEqual(expect.arrayContaining(['near', 'full']));
    expect(told.at(-2)).toMatchObject({ level: 'over', ended: ['runaway'], limitMb: 64 });
    expect(told.at(-1)).toMatchObject({ level: 'fine' });
  });

  test('the student can neither end nor stop nor look into what watches', async () => {
    const watch = '$(pgrep -u 0 -f watch-files)';
    const tried = await asStudent(
      `for p in ${watch}; do kill -KILL $p; kill -STOP $p; renice 19 $p; cat /proc/$p/environ; done`,
    );
    expect(tried.match(/kill: .*not permitted/g)?.length).toBe(4);
    expect(tried.match(/renice: .*(denied|not permitted)/gi)?.length).toBe(2);
    expect(tried.match(/environ: Permission denied/g)?.length).toBe(2);
    expect(await asStudent(`ps -o stat= -p $(pgrep -u 0 -of watch-files)`)).toMatch(/^S/);
  });
});
