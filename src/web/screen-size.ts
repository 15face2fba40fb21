export interface Size {
  readonly width: number;
  readonly height: number;
}

// The contract's limits for the tunnel.
const LEAST = { width: 640, height: 480 };
const MOST = { width: 7680, height: 4320 };

/**
 * The size of desktop to ask for a window of this size. A window smaller than the least desktop gets one of its own shape,
 * shown smaller. Even widths, because RDP's display update takes no others.
 */
export function desktopSize(window: Size): Size {
  const grow = Math.max(1, LEAST.width / Math.max(1, window.width), LEAST.height / Math.max(1, window.height));
  const width = Math.round(window.width * grow);
  const height = Math.round(window.height * grow);
  return {
    width: Math.min(MOST.width, Math.max(LEAST.width, width - (width % 2))),
    height: Math.min(MOST.height, Math.max(LEAST.height, height)),
  };
}

/** By how much a desktop is shown smaller (never larger: it would blur) to fit the window. */
export function fitScale(desktop: Size, window: Size): number {
  if (desktop.width === 0 || desktop.height === 0) return 1;
  return Math.min(1, window.width / desktop.width, window.height / desktop.height);
}

interface Display {
  getWidth(): number;
  getHeight(): number;
  scale(scale: number): void;
}

/** Shows a desktop as large as its room on the page allows. */
export function fitDisplay(display: Display, room: Size): void {
  display.scale(fitScale({ width: display.getWidth(), height: display.getHeight() }, room));
}
