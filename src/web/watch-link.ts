import Guacamole from 'guacamole-common-js';
import { STATUS } from './after-close.ts';
import { fitScale, type Size } from './screen-size.ts';

export interface WatchLinkOptions {
  readonly tunnelUrl: string;
  /** Whom to watch: EXAM:STUDENT. */
  readonly watch: string;
  readonly jwt: string;
  readonly room: () => Size;
  readonly onPainted: () => void;
  readonly onClosed: (code: number) => void;
}

/** A look at somebody's desktop: nothing goes to it. */
export interface WatchLink {
  readonly element: HTMLElement;
  fit(): void;
  close(): void;
}

export function openWatchLink(options: WatchLinkOptions): WatchLink {
  const tunnel = new Guacamole.WebSocketTunnel(`${options.tunnelUrl}/guaclite`);
  const client = new Guacamole.Client(tunnel);
  const display = client.getDisplay();
  let painted = false;
  let closed = false;
  let code: number = STATUS.success;

  const fit = () => {
    display.scale(fitScale({ width: display.getWidth(), height: display.getHeight() }, options.room()));
  };
  // The student's window decides the size; this page only makes it fit.
  display.onresize = fit;
  client.onsync = () => {
    if (painted || display.getWidth() === 0) return;
    painted = true;
    options.onPainted();
  };
  client.onerror = (status) => {
    code = status.code;
    client.disconnect();
  };
  tunnel.onerror = (status) => {
    if (code === STATUS.success) code = status.code;
  };
  tunnel.onstatechange = (state) => {
    if (state !== Guacamole.Tunnel.State.CLOSED || closed) return;
    closed = true;
    options.onClosed(code);
  };
  client.connect(new URLSearchParams({ watch: options.watch, jwt: options.jwt }).toString());

  return {
    element: display.getElement(),
    fit,
    close() {
      closed = true;
      client.disconnect();
    },
  };
}
