import { describe, expect, test } from 'vitest';
import { desktopRange, nextAddress, parseAddress } from '../../../src/desktop/addresses.ts';
import { maxSessions } from '../../../src/desktop/capacity.ts';
import { forSeeds } from '../../seeded.ts';

describe('slots', () => {
  const reserved = { reservedCpuCores: 1, reservedMemoryMb: 1024 };
  test.each([
    ['the contract’s worked example: 8 vCPU, 12 GB', 8, 12 * 1024, 1.5, 2048, 4],
    ['the seed’s numbers on 2 cores: none', 2, 12 * 1024, 1.5, 2048, 0],
    ['the stand-alone figures on 2 cores and 10 GB', 2, 10_240, 0.1, 1024, 9],
    ['memory is the narrower', 64, 5 * 1024, 1.5, 2048, 2],
    ['less than is reserved: none, never negative', 0.5, 512, 1.5, 2048, 0],
    ['division rounds down as the control-plane’s does: 0.8/0.1 is 8, 0.7/0.1 is 6', 1.7, 1e6, 0.1, 128, 6],
  ])('%s', (_rule, cpuCores, memoryMb, vmCpu, vmMemory, slots) => {
    const host = { cpuCores, memoryMb, ...reserved };
    expect(maxSessions(host, { cpuCores: vmCpu, memoryMb: vmMemory })).toBe(slots);
    // The control-plane's own formula, as the contract writes it, for what is not negative.
    const theirs = Math.min(Math.floor((cpuCores - 1) / vmCpu), Math.floor((memoryMb - 1024) / vmMemory));
    expect(slots).toBe(Math.max(0, theirs));
  });
});

describe('addresses', () => {
  test('the first 256 are the services’, the last is the broadcast', () => {
    const range = desktopRange('10.213.0.0/20');
    expect(nextAddress(range, 0, new Set())).toBe('10.213.1.0');
    expect(range.last).toBe(parseAddress('10.213.15.254'));
  });

  test.each([
    '10.213.0.0',
    '10.213.0.0/33',
    '300.0.0.0/20',
    '10.213.0/20',
    'exam_net',
    '10.213.0.0/23',
    '10.213.0.0/24',
  ])('%s is refused as the desktops’ network', (cidr) => {
    expect(() => desktopRange(cidr)).toThrow(cidr);
  });

  test('go round: one is given again only after every other that was free had its turn', async () => {
    await forSeeds(200, (random) => {
      const range = { first: 1000, last: 1000 + random.whole(5, 60) };
      const size = range.last - range.first + 1;
      const mostInUse = random.whole(1, size - 1);
      const used = new Set<string>();
      const given = new Map<string, number>();
      let cursor = random.whole(0, 2000);
      for (let turn = 0; turn < 300; turn++) {
        while (used.size >= mostInUse || (used.size > 0 && random.chance(0.3))) used.delete(random.pick([...used]));
        const address = String(nextAddress(range, cursor, used));
        expect(used.has(address)).toBe(false);
        expect(turn - (given.get(address) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(size - mostInUse);
        given.set(address, turn);
        used.add(address);
        cursor = Number(parseAddress(address));
      }
    });
  });

  test('with 40 desktops in turn, an address is not seen again for 3,800 creates', () => {
    const range = desktopRange('10.213.0.0/20');
    let cursor = range.last - 5;
    const given: string[] = [];
    for (let turn = 0; turn < 8_000; turn++) {
      const address = nextAddress(range, cursor, new Set(given.slice(-40)));
      given.push(String(address));
      cursor = Number(parseAddress(String(address)));
    }
    const last = new Map<string, number>();
    for (const [turn, address] of given.entries()) {
      expect(turn - (last.get(address) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThan(3_800);
      last.set(address, turn);
    }
  });

  test('none is given when every one is in use', () => {
    const range = { first: 256, last: 258 };
    expect(nextAddress(range, 256, new Set(['0.0.1.0', '0.0.1.1', '0.0.1.2']))).toBeUndefined();
  });

  test.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.-4', 'a.b.c.d', '1.2.3.4 '])(
    '%s is no address',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );
});
