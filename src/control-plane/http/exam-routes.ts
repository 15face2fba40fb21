import { Router } from 'express';
import { z } from 'zod';
import type { Exam } from '../exam.ts';
import { rule } from '../field-rule.ts';
import type { Caller } from '../login-token.ts';
import type { ExamStore } from '../ports.ts';
import { defined, idOf, notFound, readBody, refuse } from './answers.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';

const time = z.iso
  .datetime({ offset: true, error: 'must be a time like 2026-06-01T08:00:00+07:00' })
  .transform((text) => new Date(text));
const fields = z.strictObject({
  name: z.string().trim().min(1).max(200),
  description: z.string().trim().max(2000).optional(),
  accessCode: z.string().trim().min(1).max(64),
  startTime: time,
  endTime: time,
  isActive: z.boolean().optional(),
});
const endsAfterStart = { ...rule('end_before_start', 'must be after startTime'), path: ['endTime'] };
// Said this way round, an unreadable time gets its own complaint only.
const newExam = fields.refine((exam) => !(exam.endTime <= exam.startTime), endsAfterStart);
const changedExam = fields.partial();

export interface ExamRoutePorts extends CallerPorts {
  readonly exams: ExamStore;
}

export function examRoutes(ports: ExamRoutePorts): Router {
  const { exams } = ports;
  const admin = onlyFor(ports, 'ADMIN');
  const anyone = onlyFor(ports);
  const router = Router();

  router.get('/exams', anyone, async (_request, response) => {
    const caller = callerOf(response);
    const seen = (await exams.all()).filter((exam) => sees(caller, exam));
    response.json(seen.map((exam) => view(caller, exam)));
  });

  router.post('/exams', admin, async (request, response) => {
    const body = readBody(response, newExam, request.body);
    if (!body) return;
    const exam = await exams.create({ description: '', isActive: true, ...defined(body) });
    response.status(201).json(exam);
  });

  router.get('/exams/:id', anyone, async (request, response) => {
    const id = idOf(request.params.id);
    const exam = id ? await exams.byId(id) : undefined;
    const caller = callerOf(response);
    if (!exam || !sees(caller, exam)) return notFound(response, 'exam');
    response.json(view(caller, exam));
  });

  router.patch('/exams/:id', admin, async (request, response) => {
    const id = idOf(request.params.id);
    if (!id || !(await exams.byId(id))) return notFound(response, 'exam');
    const body = readBody(response, changedExam, request.body);
    if (!body) return;
    const exam = await exams.change(id, defined(body));
    if (!exam) return notFound(response, 'exam');
    if (exam === 'end_before_start') {
      const field = body.endTime ? 'endTime' : 'startTime';
      const message = 'endTime must be after startTime';
      return refuse(response, 400, { error: 'invalid_body', message, fields: [{ field, message, code: exam }] });
    }
    response.json(exam);
  });

  router.delete('/exams/:id', admin, async (request, response) => {
    const id = idOf(request.params.id);
    const outcome = id ? await exams.remove(id) : 'not_found';
    if (outcome === 'not_found') return notFound(response, 'exam');
    if (outcome === 'in_use') {
      const message = 'Students sit in this exam. Let them hand in first, or make it inactive.';
      return refuse(response, 409, { error: 'exam_in_use', message });
    }
    response.json({ message: 'deleted' });
  });

  return router;
}

function sees({ role }: Caller, exam: Exam): boolean {
  return role !== 'STUDENT' || exam.isActive;
}

/** The access code is told in the room, never by the list. */
function view({ role }: Caller, exam: Exam): Partial<Exam> {
  if (role !== 'STUDENT') return exam;
  const { accessCode: _, ...rest } = exam;
  return rest;
}
