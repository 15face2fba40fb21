import Guacamole from 'guacamole-common-js';
import { label } from './language.ts';

const CONTROL = [0xffe3, 0xffe4];
const ALT = [0xffe9, 0xffea];
const SHIFT = [0xffe1, 0xffe2];

export interface DesktopKeyboard {
  /** Goes onto the page; while it has the focus, keys go to the desktop. */
  readonly element: HTMLElement;
  focus(): void;
  connect(send: (pressed: boolean, keysym: number) => void, leave: () => void): void;
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

  const held = (keysyms: readonly number[]) => keysyms.some((keysym) => keyboard.pressed[keysym]);
  keyboard.onkeydown = (keysym) => {
    send(true, keysym);
    if (held(CONTROL) && held(ALT) && held(SHIFT)) {
      keyboard.reset();
      leave();
    }
    return false;
  };
  keyboard.onkeyup = (keysym) => send(false, keysym);
  // Keys held while the window loses the focus never send their release.
  element.addEventListener('blur', () => keyboard.reset());
  window.addEventListener('blur', () => keyboard.reset());

  return {
    element,
    // At once: the sink's own focus() waits a turn, and a key pressed in between would be lost.
    focus: () => element.focus({ preventScroll: true }),
    connect(sendKey, onLeave) {
      send = sendKey;
      leave = onLeave;
      label(element, 'desktopLabel');
    },
    disconnect() {
      keyboard.reset();
      send = () => {};
      leave = () => {};
    },
  };
}
