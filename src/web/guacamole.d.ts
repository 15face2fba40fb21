// The part of guacamole-common-js 1.5.0 that the pages use; the package has no types of its own.
declare module 'guacamole-common-js' {
  interface Status {
    readonly code: number;
    readonly message?: string;
  }
  interface MouseState {
    readonly x: number;
    readonly y: number;
  }
  interface PointerSource {
    onEach(types: readonly string[], listener: (event: { state: MouseState }) => void): void;
  }
  interface Tunnel {
    state: number;
    onerror: ((status: Status) => void) | null;
    onstatechange: ((state: number) => void) | null;
    receiveTimeout: number;
    unstableThreshold: number;
  }
  interface Display {
    getElement(): HTMLElement;
    getWidth(): number;
    getHeight(): number;
    scale(scale: number): void;
    showCursor(shown: boolean): void;
    onresize: ((width: number, height: number) => void) | null;
    oncursor: ((canvas: HTMLCanvasElement, x: number, y: number) => void) | null;
  }
  const Guacamole: {
    WebSocketTunnel: new (url: string) => Tunnel;
    Client: new (
      tunnel: Tunnel,
    ) => {
      getDisplay(): Display;
      connect(query: string): void;
      disconnect(): void;
      sendSize(width: number, height: number): void;
      sendKeyEvent(pressed: 0 | 1, keysym: number): void;
      sendMouseState(state: MouseState, applyDisplayScale: boolean): void;
      onerror: ((status: Status) => void) | null;
      onsync: ((timestamp: number, frames: number) => void) | null;
    };
    Mouse: (new (
      element: HTMLElement,
    ) => PointerSource & { setCursor(canvas: HTMLCanvasElement, x: number, y: number): boolean }) & {
      Touchscreen: new (element: HTMLElement) => PointerSource;
    };
    Keyboard: new (
      element?: HTMLElement,
    ) => {
      onkeydown: ((keysym: number) => boolean) | null;
      onkeyup: ((keysym: number) => void) | null;
      pressed: Readonly<Record<number, boolean>>;
      reset(): void;
    };
    /** A recording plays itself on its display. Times in milliseconds from its beginning. */
    SessionRecording: new (
      source: Blob,
    ) => {
      getDisplay(): Display;
      getDuration(): number;
      isPlaying(): boolean;
      play(): void;
      pause(): void;
      seek(position: number): void;
      abort(): void;
      onload: (() => void) | null;
      onerror: ((message: string) => void) | null;
      onplay: (() => void) | null;
      onpause: (() => void) | null;
      onseek: ((position: number) => void) | null;
      onprogress: ((duration: number) => void) | null;
    };
    InputSink: new () => { focus(): void; getElement(): HTMLTextAreaElement };
    Tunnel: { State: { CONNECTING: number; OPEN: number; CLOSED: number; UNSTABLE: number } };
  };
  export default Guacamole;
}
