import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { rule } from './field-rule.ts';
import { type Role, roles } from './login-token.ts';

export interface User {
  readonly id: number;
  /** As it was typed when the user was made; shown, never compared. */
  readonly username: string;
  readonly name: string;
  readonly role: Role;
  readonly passwordHash: string;
  /** Counts the user's passwords: a login made under an older one is over. */
  readonly passwordVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A user in the admin's list. */
export interface ListedUser extends User {
  /** Exams he sits in now. */
  readonly sessions: number;
}

export type NewUser = Pick<User, 'username' | 'name' | 'role' | 'passwordHash'>;

/** One name for every way of typing it: keyboards make Vietnamese letters in two forms, phones begin with a capital. */
export function usernameKey(username: string): string {
  return username.trim().normalize('NFC').toLowerCase();
}

const oneLine = (text: string) => text.normalize('NFC').replace(/\s+/g, ' ').trim();

export const usernameField = z
  .string()
  .transform((text) => text.trim().normalize('NFC'))
  .refine(
    (text) => /^[\p{L}\p{N}._@+-]{1,64}$/u.test(text),
    rule('username_invalid', 'must be 1 to 64 letters, digits, dots, dashes, underscores, @ or +, without spaces'),
  );

export const personField = z
  .string()
  .transform(oneLine)
  .refine(
    (text) => text.length <= 200 && !/\p{Cc}/u.test(text),
    rule('name_too_long', 'must be at most 200 characters'),
  );

/** Eight because students type it in a room full of others who wait; guessing is slowed down at the login. */
export const passwordField = z
  .string()
  .refine((text) => text.length >= 8, rule('password_too_short', 'must have at least 8 characters'))
  .refine((text) => text.length <= 200, rule('password_too_long', 'must have at most 200 characters'))
  .refine(
    (text) => !/\p{Cc}/u.test(text),
    rule('password_odd', 'must not hold tabs, line ends or other control characters'),
  );

/** @param some of the roles, where not every one may be said */
export const roleField = <R extends Role>(some: readonly R[]) =>
  z
    .string()
    .refine((text) => some.some((role) => role === text), rule('role_unknown', `must be ${some.join(' or ')}`))
    .transform((text) => text as R);

export const anyRole = roleField(roles);

// Without letters and digits that are taken for each other when read from paper.
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A password for somebody to note down: 60 bits. */
export function generatePassword(): string {
  return Array.from({ length: 12 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
