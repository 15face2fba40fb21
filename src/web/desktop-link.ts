import Guacamole from 'guacamole-common-js';
import { openPicture, type PictureOptions } from './picture-link.ts';
import type { Size } from './screen-size.ts';

export interface LinkOptions extends Omit<PictureOptions, 'onState'> {
  /** What opens the tunnel: the worker's own connection token, or the contract's. */
  readonly pass: { readonly connection: string } | { readonly token: string };
  readonly jwt: string;
  /** How long the worker may say nothing before the desktop is seen. */
  readonly patienceMs: number;
  readonly size: Size;
  readonly onSteady: (steady: boolean) => void;
  readonly onTouched: () => void;
  /** The student has copied this text in the desktop. */
  readonly onCopied: (text: string) => void;
}

/** One connection to the desktop: its picture, and what goes to it. */
export interface Link {
  readonly element: HTMLElement;
  key(pressed: boolean, keysym: number): void;
  resize(size: Size): void;
  /** Text of this computer becomes the desktop's clipboard. */
  paste(text: string): void;
  fit(): void;
  close(): void;
}

const DPI = 96;

export function openLink(options: LinkOptions): Link {
  const picture = openPicture({
    ...options,
    onPainted() {
      tunnel.receiveTimeout = steadyMs;
      options.onPainted();
    },
    onState: (state) => options.onSteady(state === Guacamole.Tunnel.State.OPEN),
  });
  const { tunnel, client, element, fit, close } = picture;
  const steadyMs = tunnel.receiveTimeout;
  tunnel.receiveTimeout = options.patienceMs;

  client.onclipboard = (stream, mimetype) => {
    if (mimetype !== 'text/plain') return;
    const reader = new Guacamole.StringReader(stream);
    let text = '';
    reader.ontext = (part) => {
      text += part;
    };
    reader.onend = () => options.onCopied(text);
  };

  point(client, options.onTouched);
  const { width, height } = options.size;
  picture.connect({
    ...options.pass,
    width: String(width),
    height: String(height),
    dpi: String(DPI),
    jwt: options.jwt,
  });

  return {
    element,
    key: (pressed, keysym) => client.sendKeyEvent(pressed ? 1 : 0, keysym),
    resize: (size) => client.sendSize(size.width, size.height),
    paste(text) {
      const writer = new Guacamole.StringWriter(client.createClipboardStream('text/plain'));
      writer.sendText(text);
      writer.sendEnd();
    },
    fit,
    close,
  };
}

type Client = InstanceType<typeof Guacamole.Client>;

/** Mouse, touch, and the desktop's own cursor shape. */
function point(client: Client, onTouched: () => void): void {
  const display = client.getDisplay();
  const element = display.getElement();
  const mouse = new Guacamole.Mouse(element);
  const send = ({ state }: { state: Parameters<Client['sendMouseState']>[0] }) => client.sendMouseState(state, true);
  for (const source of [mouse, new Guacamole.Mouse.Touchscreen(element)]) {
    source.onEach(['mousedown', 'mousemove', 'mouseup'], send);
    source.onEach(['mousedown'], onTouched);
  }
  display.oncursor = (canvas, x, y) => display.showCursor(!mouse.setCursor(canvas, x, y));
}
