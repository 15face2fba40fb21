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
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = fill[name];
    return value === undefined ? whole : (WRITTEN[name]?.(language, String(value)) ?? String(value));
  });
}

/** What each language writes in its own way is filled in as it comes, so that a switch of the language takes it along. */
const WRITTEN: Readonly<Record<string, (language: Language, value: string) => string>> = {
  time: span,
  ago: span,
  start: (language, iso) => FORMATS[language].dateTime.format(new Date(iso)),
  end: (language, iso) => FORMATS[language].dateTime.format(new Date(iso)),
  at: (language, iso) => FORMATS[language].timeOfDay.format(new Date(iso)),
};

const FORMATS = { en: formats('en'), vi: formats('vi') };

function formats(language: Language) {
  return {
    dateTime: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }),
    timeOfDay: new Intl.DateTimeFormat(language, { timeStyle: 'medium' }),
  };
}

const UNITS: Readonly<Record<string, string>> = { d: 'ngày', h: 'giờ', min: 'phút', s: 'giây' };

/** Spans come with English units (countdown.ts). */
function span(language: Language, text: string): string {
  if (language === 'en') return text;
  return text.replaceAll(/(\d+) (d|h|min|s)\b/g, (_, count, unit: string) => `${count} ${UNITS[unit]}`);
}

/** The first language of the browser that we speak. */
export function preferred(languages: readonly string[]): Language {
  for (const language of languages) {
    if (language.toLowerCase().startsWith('vi')) return 'vi';
    if (language.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}
