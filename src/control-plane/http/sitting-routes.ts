import { type Request, Router } from 'express';
import { z } from 'zod';
import { ACCESS_CODES } from '../attempts.ts';
import { connectionToken } from '../connection-token.ts';
import { finish } from '../finish.ts';
import { type JoinOutcome, type JoinPorts, type JoinRefusal, join } from '../join.ts';
import { tunnelUrl } from '../tunnel-url.ts';
import { idOf, notFound, readBody, refuse } from './answers.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';
import { tooMany } from './too-many.ts';

const joinBody = z.object({ accessCode: z.string().trim().min(1).max(64) });

export type SittingPorts = JoinPorts & CallerPorts;

const REFUSALS: Record<JoinRefusal, { status: number; message: string }> = {
  exam_not_found: { status: 404, message: 'There is no such exam.' },
  wrong_access_code: { status: 403, message: 'This access code is not right for this exam.' },
  exam_not_active: { status: 403, message: 'This exam is closed.' },
  exam_not_started: { status: 403, message: 'This exam has not started yet.' },
  exam_over: { status: 403, message: 'This exam is over.' },
  no_free_desktop: { status: 503, message: 'No desktop is free at the moment. Try again in a few seconds.' },
  worker_not_answering: {
    status: 503,
    message: 'Your desktop does not answer at the moment. Try again in a few seconds.',
  },
};

/** What a student does: join and hand in. */
export function sittingRoutes(ports: SittingPorts): Router {
  const student = onlyFor(ports, 'STUDENT');
  const router = Router();

  router.post('/exams/:id/join', student, async (request, response) => {
    const examId = idOf(request.params.id);
    if (!examId) return notFound(response, 'exam');
    const body = readBody(response, joinBody, request.body);
    if (!body) return;
    const outcome = await join(ports, { userId: callerOf(response).userId, examId }, body.accessCode);
    if (outcome.kind === 'joined') return response.json(joined(ports, request, outcome));
    if (outcome.kind === 'too_many_attempts') return tooMany(response, outcome.waitSec, ACCESS_CODES);

    const { status, message } = REFUSALS[outcome.why];
    if (status === 503) response.set('Retry-After', '3');
    const times = outcome.exam ? { startTime: outcome.exam.startTime, endTime: outcome.exam.endTime } : {};
    refuse(response, status, { error: outcome.why, message, ...times, serverTime: ports.clock() });
  });

  router.post('/exams/:id/finish', student, async (request, response) => {
    const examId = idOf(request.params.id);
    if (!examId || !(await ports.exams.byId(examId))) return notFound(response, 'exam');
    const outcome = await finish(ports, { userId: callerOf(response).userId, examId });
    response.json({ message: 'handed in', outcome });
  });

  return router;
}

function joined(ports: SittingPorts, request: Request, outcome: Extract<JoinOutcome, { kind: 'joined' }>) {
  const { exam, worker, desktop, moved, filesLeft } = outcome;
  const { settings, clock } = ports;
  const login = { username: settings.vmUsername, password: settings.vmPassword };
  const tunnel = tunnelUrl(worker.metadata, worker.apiBaseUrl, request);
  return {
    token: connectionToken(settings.guacTokenKey, desktop.ip, login),
    ...(desktop.connection ? { connection: { url: `${tunnel}/guaclite`, ...desktop.connection } } : {}),
    type: 'rdp',
    ip: desktop.ip,
    vmUsername: settings.vmUsername,
    tunnelUrl: tunnel,
    examId: exam.id,
    examName: exam.name,
    endTime: exam.endTime,
    serverTime: clock(),
    moved,
    filesLeft,
  };
}
