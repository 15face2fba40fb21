import Guacamole from 'guacamole-common-js';
import { STATUS } from './after-close.ts';
import { fitScale, type Size } from './screen-size.ts';

export interface LinkOptions {
  readonly tunnelUrl: string;
  /** What opens the tunnel: the worker's own connection token, or the contract's. */
  readonly pass: { readonly connection: string } | { readonly token: string };
  readonly jwt: string;
  /** How long the worker may say nothing before the desktop is seen. */
  readonly patienceMs: number;
  readonly size: Size;
  /** The room on the page that the desktop may take. */
  readonly room: () => Size;
  readonly onPainted: () => void;
  readonly onSteady: (steady: boolean) => void;
  readonly onClosed: (code: number) => void;
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
  const tunnel = new Guacamole.WebSocketTunnel(`${options.tunnelUrl}/guaclite`);
  const steadyMs = tunnel.receiveTimeout;
  tunnel.receiveTimeout = options.patienceMs;
  const client = new Guacamole.Client(tunnel);
  const display = client.getDisplay();
  const element = display.getElement();
  let painted = false;
  let closed = false;
  let code: number = STATUS.success;

  const fit = () => {
    display.scale(fitScale({ width: display.getWidth(), height: display.getHeight() }, options.room()));
  };
  display.onresize = fit;

  client.onsync = () => {
    if (painted || display.getWidth() === 0) return;
    painted = true;
    tunnel.receiveTimeout = steadyMs;
    options.onPainted();
  };
  // The desktop's own reason is told first and is the better one; the tunnel's close comes after it.
  client.onerror = (status) => {
    code = status.code;
    client.disconnect();
  };
  tunnel.onerror = (status) => {
    if (code === STATUS.success) code = status.code;
  };
  tunnel.onstatechange = (state) => {
    options.onSteady(state === Guacamole.Tunnel.State.OPEN);
    if (state !== Guacamole.Tunnel.State.CLOSED || closed) return;
    closed = true;
    options.onClosed(code);
  };

  client.onclipboard = (stream, mimetype) => {
    if (mimetype !== 'text/plain') return;
    const reader = new Guacamole.StringReader(stream);
    let text = '';
    reader.ontext = (part) => {
      text += part;
    };
    reader.onend = () => options.onCopied(text);
  };

  point(client, display, options.onTouched);
  const { width, height } = options.size;
  client.connect(
    new URLSearchParams({
      ...options.pass,
      width: String(width),
      height: String(height),
      dpi: String(DPI),
      jwt: options.jwt,
    }).toString(),
  );

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
    close() {
      closed = true;
      client.disconnect();
    },
  };
}

type Client = InstanceType<typeof Guacamole.Client>;

/** Mouse, touch, and the desktop's own cursor shape. */
function point(client: Client, display: ReturnType<Client['getDisplay']>, onTouched: () => void): void {
  const element = display.getElement();
  const mouse = new Guacamole.Mouse(element);
  const send = ({ state }: { state: Parameters<Client['sendMouseState']>[0] }) => client.sendMouseState(state, true);
  for (const source of [mouse, new Guacamole.Mouse.Touchscreen(element)]) {
    source.onEach(['mousedown', 'mousemove', 'mouseup'], send);
    source.onEach(['mousedown'], onTouched);
  }
  display.oncursor = (canvas, x, y) => display.showCursor(!mouse.setCursor(canvas, x, y));
}
