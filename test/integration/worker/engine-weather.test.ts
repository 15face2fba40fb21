import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DockerEngine } from '../../../src/docker/engine.ts';
import { EngineDown } from '../../../src/pool/ports.ts';
import { FaultSocket } from '../../rig/fault-socket.ts';
import { Rig } from '../../rig/rig.ts';

const socket = new FaultSocket();
const rig = new Rig({
  name: 'weather',
  env: { DOCKER_SOCKET: socket.path, EXAM_BROWSER_AUTOSTART: 'false' },
});
const examId = process.pid * 1000 + 5;
const allocate = (userId: number) => rig.call('/api/vdi/cluster/allocate', { examId, userId });
const timed = async <T>(act: Promise<T>): Promise<[T, number]> => {
  const began = performance.now();
  return [await act, performance.now() - began];
};

beforeAll(async () => {
  await socket.listen();
  await rig.start();
});
afterEach(() => socket.turn('pass'));
afterAll(async () => {
  socket.turn('pass');
  await rig.stop();
  await socket[Symbol.asyncDispose]();
});

describe('one call', () => {
  const engine = () => {
    const template = { image: 'no-such-image', network: 'none' };
    return new DockerEngine(new Docker({ socketPath: socket.path }), 'nobody', template as never, {} as never);
  };

  test.each(['hang', 'refuse', 'cut'] as const)(
    'on an engine that will %s ends, and says that nobody answered',
    async (weather) => {
      socket.turn(weather);
      const [, ms] = await timed(expect(engine().list()).rejects.toThrow(EngineDown));
      expect(ms).toBeLessThan(6_000);
    },
  );

  test('a connection cut once is made again, and the caller hears nothing of it', async () => {
    const one = engine();
    socket.turn('refuse');
    setTimeout(() => socket.turn('pass'), 60);
    expect(await one.list()).toEqual([]);
  });

  test('an engine that does not answer is not hammered', async () => {
    const one = engine();
    socket.turn('refuse');
    for (let times = 0; times < 50; times++) await one.ping().catch(() => undefined);
    // A call may go over a connection that was open before, and is not taken anew.
    expect(socket.taken).toBeLessThanOrEqual(3);
    expect(one.state.answers).toBe(false);
  });
});

describe('the worker', () => {
  let own = '';
  test('with the engine slow it serves, slowly', async () => {
    await rig.call('/api/vdi/cluster/prewarm', { examId, count: 2 });
    await rig.until(
      'two free',
      async () => (await rig.call('/api/vdi/cluster/status')).body.pools[0]?.warm >= 2,
      60_000,
    );
    socket.slowMs = 800;
    socket.turn('slow');
    const [answer, ms] = await timed(allocate(1));
    expect(answer.status).toBe(200);
    expect(ms).toBeLessThan(12_000);
    own = answer.body.containerId;
  });

  test.each(['hang', 'refuse'] as const)(
    'with an engine that will %s it answers in time, says so, and is well again within ten seconds',
    async (weather) => {
      socket.turn(weather);
      const answers = await timed(Promise.all([allocate(1), allocate(2), allocate(3)]));
      const [[mine, ...others], ms] = answers;
      expect(mine?.body.containerId, 'who has a desktop is answered').toBe(own);
      for (const { status, body, headers } of others) {
        expect([status, body.error]).toEqual([503, 'engine-down']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(ms).toBeLessThan(13_000);
      const shown = await rig.until('/readyz says that the engine does not answer', async () => {
        const ready = await rig.call('/readyz');
        return ready.status === 503 && ready.body.engine.answers === false && ready;
      });
      expect(shown.body.reasons.join()).toContain('engine');
      socket.turn('pass');
      const [, back] = await timed(
        rig.until('a desktop for the next student', async () => (await allocate(2)).status === 200, 20_000),
      );
      expect(back).toBeLessThan(10_000);
      await rig.until('ready again', async () => (await rig.call('/readyz')).status === 200, 10_000);
      await rig.call('/api/vdi/cluster/release', { examId, userId: 2 });
    },
  );

  test('afterwards nobody has two desktops, and the pool is what was asked for', async () => {
    await rig.until(
      'what there should be',
      async () => {
        const names = (await rig.desktops()).map(({ Names }) => String(Names[0]).slice(1)).sort();
        const students = names.filter((name) => /_u\d+$/.test(name));
        // Student 3 was refused; if his claim took effect all the same, he has one.
        const isRight = students.every((name) => [`exam_${examId}_u1`, `exam_${examId}_u3`].includes(name));
        return isRight && names.length - students.length === 2;
      },
      60_000,
    );
    expect((await allocate(1)).body.containerId).toBe(own);
  });
});
