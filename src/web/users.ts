import type { Person } from './api.ts';

export const ROLES = ['STUDENT', 'PROCTOR', 'ADMIN'] as const;

/** Somebody who may log in, as the console's calls answer it. */
export interface User extends Person {
  readonly name: string | null;
  /** Exams that he sits in now. */
  readonly sessions?: number;
  /** Said once, when the server made it. */
  readonly generatedPassword?: string;
}

export interface UserPage {
  readonly users: readonly User[];
  readonly total: number;
  readonly next: string | null;
}

export interface ImportResult {
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly kept: number;
  readonly failed: number;
  readonly errors: readonly {
    readonly line: number;
    readonly username?: string | null;
    readonly field?: string | null;
    readonly message: string;
    readonly code?: string | null;
    readonly values?: Readonly<Record<string, string | number>> | null;
  }[];
  readonly ignoredColumns?: readonly string[];
}
