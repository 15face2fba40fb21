import { describe, expect, test } from 'vitest';
import { desktopRange, nextAddress, parseAddress } from '../../../src/desktop/addresses.ts';
import { diskComplaints, fitsBeside, maxSessions } from '../../../src/desktop/capacity.ts';
import { HostReader } from '../../../src/host/reader.ts';
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

describe('room on the host as it is', () => {
  const plenty = { memoryMb: 100_000, diskMb: 100_000, threads: 100_000 };
  const room = (odd: object, slots = 10, coming = 0) =>
    fitsBeside({ slots, coming, left: { ...plenty, ...odd }, memoryMb: 2048 });

  test.each<[string, object, number, number, { count: number; short: string }]>([
    ['plenty of all: the slots count', {}, 10, 0, { count: 10, short: 'slots' }],
    ['memory for three halves', { memoryMb: 3 * 1024 + 1000 }, 10, 0, { count: 3, short: 'memory' }],
    ['of which two are on their way', { memoryMb: 3 * 1024 + 1000 }, 10, 2, { count: 1, short: 'memory' }],
    ['disk below what is kept', { diskMb: 1_000 }, 10, 0, { count: 0, short: 'disk' }],
    ['no files can be made on the disk any more', { diskFiles: 20_000 }, 10, 0, { count: 0, short: 'disk' }],
    ['few threads', { threads: 1_900 }, 10, 0, { count: 2, short: 'threads' }],
    ['more desktops than slots: none, never negative', {}, -2, 0, { count: 0, short: 'slots' }],
    [
      'what cannot be told limits nothing',
      { memoryMb: undefined, diskMb: undefined },
      5,
      3,
      { count: 5, short: 'slots' },
    ],
  ])('%s', (_rule, odd, slots, coming, expected) => expect(room(odd, slots, coming)).toEqual(expected));

  test('less left is never more room, and a desktop on its way never makes any', () =>
    forSeeds(500, (random) => {
      const left = {
        memoryMb: random.whole(0, 30_000),
        diskMb: random.whole(0, 9_000),
        threads: random.whole(0, 9_000),
      };
      const now = { slots: random.whole(0, 12), coming: random.whole(0, 5), left, memoryMb: random.whole(256, 4096) };
      const { count } = fitsBeside(now);
      expect(count).toBeLessThanOrEqual(now.slots);
      expect(fitsBeside({ ...now, coming: now.coming + 1 }).count).toBeLessThanOrEqual(count);
      const less = { ...left, memoryMb: Math.floor(left.memoryMb / 2) };
      expect(fitsBeside({ ...now, left: less }).count).toBeLessThanOrEqual(count);
    }));

  test('the kernel of this host tells all of it', async () => {
    const left = await new HostReader().left();
    for (const value of Object.values(left)) expect(value).toBeGreaterThan(0);
    expect(Object.keys(left).sort()).toEqual(['diskFiles', 'diskMb', 'memoryMb', 'threads']);
  });
});

test('the operator is told of a disk that fills before no desktop can be made any more, by room and by number of files', () => {
  const disk = { freeMb: 100_000, totalMb: 250_000, freeFiles: 1e6, totalFiles: 2e6 };
  expect(diskComplaints(disk)).toEqual([]);
  expect(diskComplaints({ ...disk, freeMb: 10_000 })).toEqual([expect.stringContaining('10000 of 250000 MB')]);
  expect(diskComplaints({ ...disk, freeFiles: 100_000 })).toEqual([expect.stringContaining('100000 more files')]);
  // A small disk is not low from the first day on, and one without a fixed number of files has none to be short of.
  expect(diskComplaints({ freeMb: 5_000, totalMb: 20_000, freeFiles: 0, totalFiles: 0 })).toEqual([]);
  const still = { slots: 10, coming: 0, memoryMb: 2048 };
  for (let freeMb = 0; freeMb < 20_000; freeMb += 100)
    if (fitsBeside({ ...still, left: { diskMb: freeMb } }).count === 0)
      expect(diskComplaints({ ...disk, freeMb })).toHaveLength(1);
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
