/** Which way text may go between the student's own computer and the desktop; `in` is into the desktop. */
export const CLIPBOARDS = ['off', 'in', 'out', 'both'] as const;
export type Clipboard = (typeof CLIPBOARDS)[number];

/** Keyboards that guacd 1.3 knows. `failsafe` sends every character as itself, whatever the keyboard. */
export const KEYBOARD_LAYOUTS = [
  'en-us-qwerty',
  'en-gb-qwerty',
  'da-dk-qwerty',
  'de-ch-qwertz',
  'de-de-qwertz',
  'es-es-qwerty',
  'es-latam-qwerty',
  'failsafe',
  'fr-be-azerty',
  'fr-ch-qwertz',
  'fr-fr-azerty',
  'hu-hu-qwertz',
  'it-it-qwerty',
  'ja-jp-qwerty',
  'no-no-qwerty',
  'pl-pl-qwerty',
  'pt-br-qwerty',
  'sv-se-qwerty',
  'tr-tr-qwerty',
] as const;

/** How the desktop takes a new size of the student's window: in place, or by logging in anew. */
export const RESIZES = ['display-update', 'reconnect'] as const;

/** What every tunnel of this worker allows. Files, drives, printers and sound are not in it: they stay off. */
export interface TunnelPolicy {
  readonly clipboard: Clipboard;
  readonly keyboardLayout: (typeof KEYBOARD_LAYOUTS)[number];
  readonly resize: (typeof RESIZES)[number];
}

/** What a worker allows where nothing else is set. */
export const CLOSED: TunnelPolicy = {
  clipboard: 'off',
  keyboardLayout: 'en-us-qwerty',
  resize: 'display-update',
};

/** What one user of a desktop's connection may do. */
export interface Rights {
  /** Keys, mouse, size of the screen. */
  readonly mayAct: boolean;
  /** Text of his own computer goes into the desktop. */
  readonly mayPaste: boolean;
  /** Text of the desktop goes to his own computer. */
  readonly mayCopy: boolean;
}

export function studentRights({ clipboard }: Pick<TunnelPolicy, 'clipboard'>): Rights {
  return {
    mayAct: true,
    mayPaste: clipboard === 'in' || clipboard === 'both',
    mayCopy: clipboard === 'out' || clipboard === 'both',
  };
}

/** A proctor, or a recording: sees the screen and nothing more. */
export const WATCHER: Rights = { mayAct: false, mayPaste: false, mayCopy: false };
