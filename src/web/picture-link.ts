import Guacamole from 'guacamole-common-js';
import { STATUS } from './after-close.ts';
import { fitDisplay, type Size } from './screen-size.ts';

export interface PictureOptions {
  readonly tunnelUrl: string;
  /** The room on the page that the picture may take. */
  readonly room: () => Size;
  readonly onPainted: () => void;
  readonly onClosed: (code: number) => void;
  readonly onState?: (state: number) => void;
}

/** A desktop's picture and why it ended; what goes to the desktop is its user's matter. */
export interface PictureLink {
  readonly tunnel: InstanceType<typeof Guacamole.WebSocketTunnel>;
  readonly client: InstanceType<typeof Guacamole.Client>;
  readonly element: HTMLElement;
  /** @param query what opens the tunnel */
  connect(query: Readonly<Record<string, string>>): void;
  fit(): void;
  close(): void;
}

export function openPicture(options: PictureOptions): PictureLink {
  const tunnel = new Guacamole.WebSocketTunnel(`${options.tunnelUrl}/guaclite`);
  const client = new Guacamole.Client(tunnel);
  const display = client.getDisplay();
  let painted = false;
  let closed = false;
  let code: number = STATUS.success;

  const fit = () => fitDisplay(display, options.room());
  display.onresize = fit;
  client.onsync = () => {
    if (painted || display.getWidth() === 0) return;
    painted = true;
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
    options.onState?.(state);
    if (state !== Guacamole.Tunnel.State.CLOSED || closed) return;
    closed = true;
    options.onClosed(code);
  };

  return {
    tunnel,
    client,
    element: display.getElement(),
    connect: (query) => client.connect(new URLSearchParams(query).toString()),
    fit,
    close() {
      closed = true;
      client.disconnect();
    },
  };
}
