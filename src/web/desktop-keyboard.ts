import Guacamole from 'guacamole-common-js';
import { label } from './language.ts';

const CONTROL = [0xffe3, 0xffe4];
const ALT = [0xffe9, 0xffea];
const SHIFT = [0xffe1, 0xffe2];
const V = [0x56, 0x76];
/** The desktop takes so long to know of a new clipboard. */
const PASTE_MS = 250;

export interface DesktopKeyboard {
  /** Goes onto the page; while it has the focus, keys go to the desktop. */
  readonly element: HTMLElement;
  focus(): void;
  /** @param paste takes text of this computer where it may go into the desktop */
  connect(
    send: (pressed: boolean, keysym: number) => void,
    leave: () => void,
    paste: ((text: string) => void) | undefined,
  ): void;
  disconnect(): void;
}

// One for the page's life: Guacamole's input sink keeps a listener on the document for good.
let only: DesktopKeyboard | undefined;

/**
 * The keyboard of the desktop. It listens at an invisible text field and not at the document, so that input methods and
 * the keyboards of phones work, and the page's own buttons and dialogs keep their keys.
 */
export function desktopKeyboard(): DesktopKeyboard {
  only ??= make();
  return only;
}

function make(): DesktopKeyboard {
  const sink = new Guacamole.InputSink();
  const element = sink.getElement();
  element.className = 'sink';
  element.setAttribute('autocomplete', 'off');
  element.setAttribute('autocapitalize', 'off');
  element.setAttribute('spellcheck', 'false');
  const keyboard = new Guacamole.Keyboard(element);
  let send: (pressed: boolean, keysym: number) => void = () => {};
  let leave: () => void = () => {};
  let paste: ((text: string) => void) | undefined;

  const held = (keysyms: readonly number[]) => keysyms.some((keysym) => keyboard.pressed[keysym]);
  keyboard.onkeydown = (keysym) => {
    // Left to the browser, which then tells what was pasted, without asking for leave to read the clipboard.
    if (paste && held(CONTROL) && V.includes(keysym)) return true;
    send(true, keysym);
    if (held(CONTROL) && held(ALT) && held(SHIFT)) {
      keyboard.reset();
      leave();
    }
    return false;
  };
  keyboard.onkeyup = (keysym) => send(false, keysym);
  element.addEventListener('paste', (event) => {
    if (!paste) return;
    event.preventDefault();
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text !== '') paste(text);
    setTimeout(() => {
      const isHeld = held(CONTROL);
      if (!isHeld) send(true, CONTROL[0] as number);
      for (const pressed of [true, false]) send(pressed, V[1] as number);
      if (!isHeld) send(false, CONTROL[0] as number);
    }, PASTE_MS);
  });
  // Keys held while the window loses the focus never send their release.
  element.addEventListener('blur', () => keyboard.reset());
  window.addEventListener('blur', () => keyboard.reset());

  return {
    element,
    // At once: the sink's own focus() waits a turn, and a key pressed in between would be lost.
    focus: () => element.focus({ preventScroll: true }),
    connect(sendKey, onLeave, onPaste) {
      send = sendKey;
      leave = onLeave;
      paste = onPaste;
      label(element, 'desktopLabel');
    },
    disconnect() {
      keyboard.reset();
      send = () => {};
      leave = () => {};
      paste = undefined;
    },
  };
}
