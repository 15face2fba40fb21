import Guacamole from 'guacamole-common-js';

const PIECE = 256 * 1024;

/**
 * A file as guacamole-common-js reads a recording: 1.5.0 takes a Blob by its documentation only, and fails on each. Read in
 * pieces, so that the page stays alive while a large one is loaded.
 * @param onBroken told once, when the file is no recording
 */
export function fileTunnel(file: Blob, onBroken: () => void) {
  const parser = new Guacamole.Parser();
  const decoder = new TextDecoder();
  let isOver = false;
  const tunnel: ConstructorParameters<typeof Guacamole.SessionRecording>[0] = {
    oninstruction: null,
    onstatechange: null,
    onerror: null,
    connect: () => void read(),
    disconnect() {
      isOver = true;
    },
  };
  parser.oninstruction = (opcode, args) => tunnel.oninstruction?.(opcode, args);

  async function read(): Promise<void> {
    try {
      for (let at = 0; at < file.size && !isOver; at += PIECE) {
        const bytes = await file.slice(at, at + PIECE).arrayBuffer();
        parser.receive(decoder.decode(bytes, { stream: true }));
      }
    } catch {
      onBroken();
      return;
    }
    tunnel.onstatechange?.(Guacamole.Tunnel.State.CLOSED);
  }

  return tunnel;
}
