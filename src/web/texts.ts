import { examsTexts } from './texts-exams.ts';
import { fleetTexts } from './texts-fleet.ts';
import { refusalsTexts } from './texts-refusals.ts';
import { sharedTexts } from './texts-shared.ts';
import { studentTexts } from './texts-student.ts';
import { usersTexts } from './texts-users.ts';
import { watchTexts } from './texts-watch.ts';

/** Every word that the pages show. No key stands in two of the files: a unit test sees to it. */
export const texts = {
  ...sharedTexts,
  ...refusalsTexts,
  ...studentTexts,
  ...fleetTexts,
  ...examsTexts,
  ...usersTexts,
  ...watchTexts,
} as const;

export type TextKey = keyof typeof texts;
export type Language = 'en' | 'vi';

export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(texts, key);
}

export function textOf(language: Language, key: TextKey, fill: Readonly<Record<string, string | number>> = {}): string {
  const text: string = texts[key][language === 'vi' ? 1 : 0];
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

/** The first language of the browser that we speak. */
export function preferred(languages: readonly string[]): Language {
  for (const language of languages) {
    if (language.toLowerCase().startsWith('vi')) return 'vi';
    if (language.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}
