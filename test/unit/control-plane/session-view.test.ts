import { describe, expect, it } from 'vitest';
import { sessionViews, strays } from '../../../src/control-plane/session-view.ts';
import { datedMetadata } from '../../../src/control-plane/told-sessions.ts';
import { ago, clocked, dispatch, worker } from './fleet.ts';

const page = { hostname: 'exam.school.test', secure: false };
const seat = { examId: 7, userId: 42 };
const told = (change: object = {}) => ({
  sessions: [{ ...seat, connected: true, since: '2026-06-01T07:00:00.000Z', watchers: 1, recorded: true, ...change }],
});
const running = (change: object = {}) => ({ ...dispatch('a', change), username: 'an', name: 'Nguyễn Văn An' });
const viewOf = (metadata: object, change: object = {}, of: object = {}) =>
  sessionViews([running(of)], [worker('a', { metadata: { ...metadata }, ...change })], page, clocked)[0];

describe('a session', () => {
  it('is connected, or not, since when, as its worker tells', () => {
    expect(viewOf(told())).toMatchObject({
      username: 'an',
      name: 'Nguyễn Văn An',
      workerName: 'a',
      connected: true,
      connectedAt: '2026-06-01T07:00:00.000Z',
      leftAt: null,
      watchers: 1,
      recorded: true,
      filesLeft: null,
    });
    expect(viewOf(told({ connected: false }))).toMatchObject({
      connected: false,
      connectedAt: null,
      leftAt: '2026-06-01T07:00:00.000Z',
    });
  });
  it('is not known to be either where the worker is silent, tells nothing, or nonsense', () => {
    const unknown = { connected: null, connectedAt: null, leftAt: null, watchers: 0 };
    expect(viewOf(told(), { lastHeartbeatAt: ago(121) })).toMatchObject(unknown);
    expect(viewOf({})).toMatchObject(unknown);
    expect(viewOf({ sessions: [null, 'x', { examId: 7 }] })).toMatchObject(unknown);
    expect(viewOf({ sessions: null })).toMatchObject(unknown);
  });
  it('tells where the files stayed of a student who was moved, and stays in the list when its worker is gone', () => {
    const moved = { workerCode: 'gone', movedFrom: 'a', movedAt: ago(60) };
    expect(viewOf({}, {}, moved)).toMatchObject({
      workerName: 'gone',
      tunnelUrl: null,
      filesLeft: { workerCode: 'a', workerName: 'a', at: ago(60) },
    });
    expect(viewOf({}, {}, { movedFrom: 'a', movedAt: ago(60) }), 'back where they are').toMatchObject({
      filesLeft: null,
    });
  });
});

describe('a stray', () => {
  it('is a session at a worker where nobody is placed', () => {
    const workers = [worker('a', { metadata: told() }), worker('b', { metadata: told() })];
    expect(strays([running()], workers, clocked)).toEqual([{ ...seat, workerCode: 'b', connected: true }]);
    expect(strays([running()], [worker('b', { metadata: told(), lastHeartbeatAt: ago(121) })], clocked)).toEqual([]);
  });
});

describe('a beat', () => {
  const at = clocked.now;
  it('dates what has changed since the last one, and nothing else', () => {
    const before = told();
    expect(datedMetadata(told({ since: undefined }), before, at)).toEqual(before);
    const left = datedMetadata(told({ since: undefined, connected: false }), before, at);
    expect(left).toEqual(told({ connected: false, since: at.toISOString() }));
    expect(datedMetadata({ pools: [] }, before, at)).toEqual({ pools: [] });
  });
});
