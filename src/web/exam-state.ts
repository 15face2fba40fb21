import { serverNow } from './api.ts';
import { type Hours, isOpen, nextOf } from './exam-hours.ts';
import { say } from './language.ts';

/** One word for an exam, with the time until it begins. */
export function showState(badge: HTMLElement, exam: Hours): void {
  const now = serverNow();
  const open = isOpen(exam, now);
  badge.className = `badge ${open ? 'good' : 'neutral'}`;
  const { key, fill } = open ? { key: 'open' as const, fill: {} } : nextOf(exam, now);
  say(badge, key, fill);
}
