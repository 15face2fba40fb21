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
  /** What a recording takes for its source. */
  interface FileTunnel {
    oninstruction: ((opcode: string, args: string[]) => void) | null;
    onstatechange: ((state: number) => void) | null;
    onerror: ((status: Status) => void) | null;
    connect(): void;
    disconnect(): void;
  }
  interface InputStream {
    readonly index: number;
  }
  interface OutputStream {
    readonly index: number;
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
      createClipboardStream(mimetype: string): OutputStream;
      onclipboard: ((stream: InputStream, mimetype: string) => void) | null;
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
      source: FileTunnel,
    ) => {
      connect(): void;
      getDisplay(): Display;
      getDuration(): number;
      isPlaying(): boolean;
      play(): void;
      pause(): void;
      seek(position: number): void;
      abort(): void;
      onload: (() => void) | null;
      onplay: (() => void) | null;
      onpause: (() => void) | null;
      onseek: ((position: number) => void) | null;
      onprogress: ((duration: number) => void) | null;
    };
    StringReader: new (stream: InputStream) => { ontext: ((text: string) => void) | null; onend: (() => void) | null };
    StringWriter: new (stream: OutputStream) => { sendText(text: string): void; sendEnd(): void };
    Parser: new () => { receive(text: string): void; oninstruction: ((opcode: string, args: string[]) => void) | null };
    InputSink: new () => { focus(): void; getElement(): HTMLTextAreaElement };
    Tunnel: { State: { CONNECTING: number; OPEN: number; CLOSED: number; UNSTABLE: number } };
  };
  export default Guacamole;
}
