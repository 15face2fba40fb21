import { describe, expect, test, vi } from 'vitest';
import { encode, type Instruction } from '../../../src/tunnel/instruction.ts';
import { STATUS } from '../../../src/tunnel/status.ts';
import { LibraryTunnel } from '../../rig/guacamole.ts';
import { forSeeds, type Seeded } from '../../seeded.ts';
import { RelayPair } from './relay-pair.ts';

// Each with one, two, three and four bytes in UTF-8; the last are surrogate pairs.
const BASIC = [...'aZ09.,;', 'é', 'ế', '中'];
const PAIRS = ['😀', '𝒳'];

function instructions(random: Seeded, signs: readonly string[]): Instruction[] {
  const element = (): string => Array.from({ length: random.whole(0, 60) }, () => random.pick(signs)).join('');
  return Array.from({ length: 40 }, (_, at) => ['name', String(at), element(), element()]);
}

describe.each(['1.5', '1.6'] as const)('guacamole-common-js %s, unmodified', (version) => {
  test('opens with an id, and has its pings answered: it never calls the tunnel unstable', async () => {
    await using pair = await RelayPair.open();
    const client = new LibraryTunnel(version, pair.url, '');
    await vi.waitFor(() => expect(client.uuid).toMatch(/^[0-9a-f-]{36}$/));
    // It pings every 500 ms and calls a tunnel unstable that is quiet for 1.5 s; guacd says nothing at all here.
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect(client.isUnstable).toBe(false);
    expect(pair.told).toBe('');
    client.close();
  });

  test('gets every instruction as guacd sent it, wherever guacd’s bytes are cut', async () => {
    // 1.5.0 itself counts what guacd does not: see the next test.
    const signs = version === '1.6' ? [...BASIC, ...PAIRS] : BASIC;
    await forSeeds(12, async (random) => {
      await using pair = await RelayPair.open();
      const client = new LibraryTunnel(version, pair.url, '');
      const said = instructions(random, signs);
      const bytes = Buffer.from(said.map(encode).join(''));
      const guacd = await pair.guacd;
      for (let at = 0; at < bytes.length; ) {
        const size = random.pick([1, 2, 3, 50, 700]);
        guacd.write(bytes.subarray(at, at + size));
        at += size;
        if (random.chance(0.3)) await new Promise(setImmediate);
      }
      await vi.waitFor(() => expect(client.heard).toHaveLength(said.length));
      expect(client.heard).toEqual(said);
      client.close();
    });
  });

  test('types an emoji and a key after it: guacd gets both, its lengths in code points', async () => {
    await using pair = await RelayPair.open();
    const client = new LibraryTunnel(version, pair.url, '');
    await vi.waitFor(() => expect(client.uuid).not.toBeNull());
    client.say('ack', 0, 'OK 😀', 0);
    client.say('key', 65, 1);
    await vi.waitFor(() => expect(pair.told).toBe('3.ack,1.0,4.OK 😀,1.0;3.key,2.65,1.1;'));
    client.close();
  });

  test('hears guacd’s own code when guacd ends it, and no other', async () => {
    await using pair = await RelayPair.open();
    const client = new LibraryTunnel(version, pair.url, '');
    (await pair.guacd).end(encode(['error', 'Aborted. See logs.', '519']) + encode(['disconnect']));
    await vi.waitFor(() => expect(client.isClosed).toBe(true));
    expect(client.heard).toEqual([['error', 'Aborted. See logs.', '519'], ['disconnect']]);
    expect(client.status?.code).toBe(519);
  });

  test.each(Object.entries(STATUS))('hears our own reason %s as the code of the protocol', async (_name, status) => {
    await using pair = await RelayPair.open();
    const client = new LibraryTunnel(version, pair.url, '');
    (await pair.relay).end(status);
    await vi.waitFor(() => expect(client.isClosed).toBe(true));
    expect(client.heard).toEqual([['error', status.words, String(status.code)]]);
    expect(client.status?.code).toBe(status.code);
    await vi.waitFor(() => expect(pair.ends).toBe(1));
  });
});
