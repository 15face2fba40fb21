import { setTimeout as pause } from 'node:timers/promises';
import type { Operation } from '../operations.ts';
import type { Rig } from '../rig/rig.ts';
import { contractToken, TunnelClient } from '../rig/tunnel-client.ts';
import type { WalkDiary } from './walk-diary.ts';
import type { WalkStudent } from './walk-student.ts';

const REFUSED_MS = 3_000;

interface Walking {
  readonly rig: Rig;
  readonly diary: WalkDiary;
  broken(law: string): void;
}

/** Students' tunnels in a walk. */
export class WalkTunnels {
  readonly #walking: Walking;

  constructor(walking: Walking) {
    this.#walking = walking;
  }

  /** He looks at his desktop, types a letter, stays a while. */
  async join(
    { ip, connection }: NonNullable<WalkStudent['desktop']>,
    { tabs, stayMs, breaks, byContract }: Extract<Operation, { kind: 'join' }>,
  ): Promise<void> {
    const { rig, diary } = this.#walking;
    const query: Record<string, string> = byContract
      ? { token: contractToken(rig.guacTokenKey, ip) }
      : { connection: connection.token };
    const clients = Array.from({ length: tabs }, () => new TunnelClient(rig.url, query));
    try {
      const seen = await Promise.allSettled(clients.map((client) => client.see('img')));
      diary.count(seen.some(({ status }) => status === 'fulfilled') ? 'painted' : 'not painted');
      const last = clients.at(-1);
      if (last?.socket.readyState === last?.socket.OPEN) for (const down of ['1', '0']) last?.send('key', '97', down);
      await pause(stayMs);
    } finally {
      for (const client of clients) breaks ? client.socket.terminate() : client.close();
    }
  }

  /** What opened his tunnel in a session that is over opens none any more. */
  async staysOut(student: WalkStudent, earlier: string): Promise<void> {
    const { rig, diary, broken } = this.#walking;
    const client = new TunnelClient(rig.url, { connection: earlier });
    const came = await client.see('sync', REFUSED_MS).then(
      () => true,
      () => false,
    );
    client.socket.terminate();
    if (came) broken(`a token of ${student.name}’s last session opened a tunnel`);
    diary.count('stayed out');
  }
}
