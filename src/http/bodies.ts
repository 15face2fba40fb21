import { z } from 'zod';
import { type Overrides, overrideFaults } from '../desktop/overrides.ts';

const Id = z.int().positive();

/** Body of allocate and release. */
export const SeatBody = z.object({ userId: Id, examId: Id });

/** The same in a query, where all is text. */
const QueryId = z
  .string({ error: 'is required' })
  .regex(/^[1-9]\d{0,14}$/, 'must be a positive whole number')
  .transform(Number);
export const SeatQuery = z.object({ userId: QueryId, examId: QueryId });

/** @param worker the worker's own settings, which an exam's `env` stands in place of */
export function prewarmBody(most: number, worker: Overrides) {
  const env = z.record(z.string(), z.string({ error: 'must be text' })).superRefine((overrides, context) => {
    for (const { name, problem } of overrideFaults(overrides, worker))
      context.addIssue({ code: 'custom', path: [name], message: problem });
  });
  return z.object({ examId: Id, count: z.int().min(0).max(most), env: env.optional() });
}

/** Strict: with its name or value mistyped a dry run would be a real one. */
export const ReconcileQuery = z.strictObject({
  dryRun: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
});

export const DrainBody = z.object({ draining: z.boolean() });

export interface Complaint {
  readonly field: string;
  readonly problem: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly complaints: Complaint[] };

/** Checks a request's body; every wrong field is named. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): Parsed<T> {
  const result = schema.safeParse(body);
  if (result.success) return { ok: true, value: result.data };
  const complaints = result.error.issues.map((issue) => ({
    field: issue.path.join('.') || 'body',
    problem: issue.message,
  }));
  return { ok: false, complaints };
}
