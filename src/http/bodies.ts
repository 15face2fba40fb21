import { z } from 'zod';

const Id = z.int().positive();

/** Body of allocate and release. */
export const SeatBody = z.object({ userId: Id, examId: Id });

export function prewarmBody(most: number) {
  return z.object({ examId: Id, count: z.int().min(0).max(most) });
}

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
