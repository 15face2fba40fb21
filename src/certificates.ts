import { readFileSync } from 'node:fs';
import { BadSettings } from './config.ts';
import { reasonOf } from './desktop/reason.ts';

/**
 * Certificates of a school's own authority, as PEM; empty where no file is named, or it is empty: compose mounts /dev/null where none is set.
 * @param setting name of the variable that names the file
 * @throws BadSettings
 */
export function readCertificates(setting: string, file: string): string {
  if (file === '') return '';
  const text = read(setting, file);
  if (text.trim() !== '' && !text.includes('-----BEGIN CERTIFICATE-----'))
    throw new BadSettings(`${setting} holds no certificate in PEM form; mend it and run ./start.sh again`);
  return text;
}

function read(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadSettings(`${setting} cannot be read (${reasonOf(error)}); mend it and run ./start.sh again`);
  }
}
