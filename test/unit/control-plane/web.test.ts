import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { forBrowser } from '../../../src/control-plane/web-assets.ts';
import { afterClose, backOff, STATUS } from '../../../src/web/after-close.ts';
import { agoText, clockOffset, spanText } from '../../../src/web/countdown.ts';
import { eventLines } from '../../../src/web/event-lines.ts';
import { isOpen, nextOf } from '../../../src/web/exam-hours.ts';
import { isDraining, poolsOf, reasonsOf, stateOf, type Worker } from '../../../src/web/fleet.ts';
import { desktopSize, fitScale } from '../../../src/web/screen-size.ts';
import { preferred, textOf, texts } from '../../../src/web/texts.ts';
import { text as openapi } from '../../rig/openapi.ts';

describe('after the tunnel has closed', () => {
  it('the page comes back by itself: at once first, then slower, never slower than 10 s', () => {
    expect(afterClose(STATUS.success, 0)).toEqual({ kind: 'again', afterMs: 200 });
    expect([1, 2, 3, 4, 5, 50].map(backOff)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
  });
  it('another window or the end of the session is told, not fought', () => {
    expect(afterClose(STATUS.sessionConflict, 0)).toEqual({ kind: 'stop', trouble: 'taken' });
    expect(afterClose(STATUS.resourceConflict, 0)).toEqual({ kind: 'stop', trouble: 'elsewhere' });
    expect(afterClose(STATUS.sessionClosed, 0)).toEqual({ kind: 'stop', trouble: 'sessionOver' });
  });
  it('a refusal is tried once more with a fresh token, then told', () => {
    expect(afterClose(STATUS.unauthorized, 1).kind).toBe('again');
    expect(afterClose(STATUS.unauthorized, 2)).toEqual({ kind: 'stop', trouble: 'refused' });
  });
});

describe('the desktop’s size', () => {
  it.each([
    ['is the window’s', { width: 1280, height: 752 }, { width: 1280, height: 752 }],
    ['has an even width', { width: 1281, height: 752 }, { width: 1280, height: 752 }],
    [
      'keeps the shape of a phone, within the contract’s least',
      { width: 390, height: 796 },
      { width: 640, height: 1306 },
    ],
    ['stays within the contract’s most', { width: 9000, height: 5000 }, { width: 7680, height: 4320 }],
    ['is never nothing', { width: 0, height: 0 }, { width: 640, height: 480 }],
  ])('%s', (_rule, window, size) => {
    expect(desktopSize(window)).toEqual(size);
  });
  it('is shown smaller to fit, never larger', () => {
    expect(fitScale({ width: 640, height: 1306 }, { width: 320, height: 796 })).toBe(0.5);
    expect(fitScale({ width: 640, height: 480 }, { width: 1280, height: 960 })).toBe(1);
    expect(fitScale({ width: 0, height: 0 }, { width: 1280, height: 960 })).toBe(1);
  });
});

describe('time for people', () => {
  it.each([
    [-5, '00:00'],
    [59_999, '00:59'],
    [3_599_000, '59:59'],
    [3_600_000, '1:00:00'],
    [90_000_000, '1 d 1 h'],
  ])('%i ms is %s', (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });
  it.each([
    [2400, '2 s'],
    [607_000, '10 min'],
    [7_200_000, '2 h'],
    [400_000_000, '4 d'],
  ])('%i ms ago is %s', (ms, text) => {
    expect(agoText(ms)).toBe(text);
  });
  it('goes by the server’s clock where it tells it', () => {
    const now = Date.parse('2026-06-01T08:00:00Z');
    expect(clockOffset('Mon, 01 Jun 2026 08:00:07 GMT', now)).toBe(7000);
    expect(clockOffset(null, now)).toBe(0);
    expect(clockOffset('nonsense', now)).toBe(0);
  });
});

describe('words', () => {
  it('are there in both languages, with the same gaps to fill', () => {
    for (const [key, [english, vietnamese]] of Object.entries(texts)) {
      expect(english && vietnamese, key).toBeTruthy();
      expect(vietnamese.match(/\{\w+\}/g)?.sort(), key).toEqual(english.match(/\{\w+\}/g)?.sort());
    }
  });
  it('stand in one of their files each, and all of them are used', async () => {
    const web = new URL('../../../src/web/', import.meta.url);
    const files = readdirSync(web).filter((name) => /^texts-\w+\.ts$/.test(name));
    const parts = await Promise.all(files.map(async (name) => Object.values(await import(new URL(name, web).href))));
    const keys = parts.flat().flatMap((part) => Object.keys(part as object));
    expect(keys.sort()).toEqual(Object.keys(texts).sort());
  });
  it('are there for each code that docs/openapi.yaml lets the server refuse with, of a call, a file or a row', () => {
    const { schemas } = parse(openapi).components;
    const calls: string[] = [...schemas.Problem.properties.error.enum, ...schemas.JoinRefused.properties.error.enum];
    const rows: string[] = schemas.Imported.properties.errors.items.properties.code.enum;
    const files = ['empty', 'column_twice', 'column_missing', 'too_many_rows', 'quote_open', 'not_utf8'];
    const keys = [
      // Workers' heartbeats only are refused with it.
      ...calls.filter((code) => code !== 'wrong_token'),
      ...rows.map((code) => `bad_${code}`),
      'bad_end_before_start',
      ...files.map((why) => `unreadable_file_${why}`),
    ];
    expect(calls.length).toBeGreaterThan(20);
    for (const why of files) expect(openapi).toContain(`\`${why}\``);
    expect(keys.filter((key) => !Object.hasOwn(texts, key))).toEqual([]);
  });
  it('are filled in', () => expect(textOf('en', 'nextTry', { n: 3 })).toBe('Next try in 3 s'));
  it('have spans of time in their own language', () => {
    expect(textOf('vi', 'startsIn', { time: spanText(90_000_000) })).toBe('Bắt đầu sau 1 ngày 1 giờ');
    expect(textOf('vi', 'leftAgo', { ago: agoText(607_000) })).toBe('rời đi 10 phút trước');
    expect(textOf('vi', 'endsIn', { time: spanText(59_999) })).toBe('Còn 00:59');
    expect(textOf('en', 'leftAgo', { ago: agoText(607_000) })).toBe('left 10 min ago');
  });
  it('have dates and times as their own language writes them', () => {
    const from = { start: '2026-11-24T12:00:00.000Z', end: '2026-11-24T13:00:00.000Z' };
    expect(textOf('en', 'fromTo', from)).toMatch(/^Nov 2\d, 2026/);
    expect(textOf('vi', 'fromTo', from)).toMatch(/^\d\d:00 2\d thg 11, 2026 đến /);
    expect(textOf('en', 'reconcileDone', { at: from.start })).toMatch(/^Reconciled at \d+:00:00\s[AP]M$/);
    expect(textOf('vi', 'reconcileDone', { at: from.start })).toMatch(/^Đã dọn lúc \d\d:00:00$/);
  });
  it('begin in the browser’s first language that we speak', () => {
    expect(preferred(['fr-FR', 'vi-VN', 'en'])).toBe('vi');
    expect(preferred(['fr-FR'])).toBe('en');
  });
});

describe('server-sent events', () => {
  it('are whole however the network cuts them, and comments are none', () => {
    const seen: string[] = [];
    const take = eventLines((data) => seen.push(data));
    for (const piece of ['da', 'ta: {"a":1}\n', '\n:\n\ndata: {"b"', ':2}\n\nda']) take(piece);
    expect(seen).toEqual(['{"a":1}', '{"b":2}']);
  });
});

describe('an exam’s next hour', () => {
  const exam = { startTime: '2026-06-01T08:00:00Z', endTime: '2026-06-01T10:00:00Z', isActive: true };
  it.each([
    ['07:00:00', 'startsIn', '1:00:00', false],
    ['08:00:00', 'endsIn', '2:00:00', true],
    ['09:59:59', 'endsIn', '00:01', true],
    ['10:00:00', 'over', undefined, false],
  ])('at %s', (at, key, time, open) => {
    const now = Date.parse(`2026-06-01T${at}Z`);
    expect(nextOf(exam, now)).toEqual({ key, fill: time ? { time } : {} });
    expect(isOpen(exam, now)).toBe(open);
    expect([nextOf({ ...exam, isActive: false }, now).key, isOpen({ ...exam, isActive: false }, now)]).toEqual([
      'closed',
      false,
    ]);
  });
});

describe('a worker in one word', () => {
  const healthy: Worker = {
    code: 'a',
    name: 'a',
    apiBaseUrl: '',
    isEnabled: true,
    isDraining: false,
    isHealthy: true,
    isSchedulable: true,
    drainStatus: 'serving',
    lastHeartbeatAt: null,
    activeSessions: 0,
    maxSessions: 1,
    availableSessions: 1,
    metadata: {},
  };
  it.each([
    ['Healthy', {}],
    ['Stale', { isHealthy: false, isDraining: true }],
    ['Draining', { isDraining: true, drainStatus: 'draining' }],
    ['Drained', { isDraining: true, drainStatus: 'drained' }],
    ['Draining', { drainStatus: 'draining' }],
    ['Disabled', { isEnabled: false }],
    ['NotReady', { metadata: { ready: false } }],
  ] as const)('%s', (state, change) => {
    expect(stateOf({ ...healthy, ...change })).toBe(state);
  });
  it('that drains by its own word can be told to serve again', () => {
    expect([isDraining(healthy), isDraining({ ...healthy, drainStatus: 'drained' })]).toEqual([false, true]);
  });
  it('says what keeps it from serving and what it serves without; only the former makes it not ready', () => {
    const metadata = { ready: true, reasons: ['guacd: away'], degraded: ['database: away', 7] };
    expect(reasonsOf({ ...healthy, metadata })).toEqual(['guacd: away', 'database: away', '7']);
    expect(reasonsOf({ ...healthy, metadata: { degraded: 'odd' } })).toEqual([]);
    expect(stateOf({ ...healthy, metadata: { ready: true, degraded: ['database: away'] } })).toBe('Healthy');
  });
  it('has the pools of its heartbeat, whatever else stands there', () => {
    const pools = [
      { examId: 7, wanted: 3, warm: 2, creating: 1, inUse: 0 },
      null,
      'x',
      { examId: 'no' },
      { examId: 8 },
    ];
    expect(poolsOf({ ...healthy, metadata: { pools } })).toEqual([
      { examId: 7, wanted: 3, warm: 2, creating: 1, inUse: 0 },
      { examId: 8, wanted: 0, warm: 0, creating: 0, inUse: 0 },
    ]);
    expect(poolsOf({ ...healthy, metadata: { pools: 'none' } })).toEqual([]);
  });
});

it('the browser gets code without types, and names that the server serves', () => {
  const source =
    "import { a } from './dom.ts';\nimport G from 'guacamole-common-js';\nconst b: number = a as number;\n";
  expect(forBrowser(source)).toBe(
    "import { a } from './dom.js';\nimport G from '/assets/guacamole-common.js';\nconst b         = a          ;\n",
  );
});
