import { type Desktop, seatOf } from '../desktop/desktop.ts';
import { recordingFile } from '../desktop/recording.ts';
import { inLedger } from '../pool/ledger.ts';
import type { Clock, Ledger } from '../pool/ports.ts';
import { type JoinPorts, join } from './join.ts';
import { WATCHER } from './policy.ts';
import { joinSettings } from './rdp-settings.ts';
import type { RecordingFiles } from './recording-files.ts';
import { type RecordingEnd, Take } from './recording-take.ts';

const TIDY_MS = 15_000;
/** Not heard of a user who may say nothing: the screen is the student's. */
const SCREEN = { width: 1280, height: 800, dpi: 96 };

export interface RecorderPorts extends JoinPorts {
  readonly files: RecordingFiles;
  readonly ledger: Ledger;
  readonly clock: Clock;
  isStill(desktop: Desktop): boolean;
  /** Desktops that a student has now, by container id. */
  inUse(): readonly string[];
}

/**
 * Writes down what students see: each session is joined once more, by a user who may say nothing, and what guacd sends to
 * that user goes into a file that guacamole-common-js plays. No key and no clipboard is in it, only the screen.
 */
export class Recorder {
  readonly #ports: RecorderPorts;
  /** By container id; a session whose recording has ended for good stays here until it is over. */
  readonly #takes = new Map<string, Take | 'opening' | 'full'>();
  /** Desktops at which students were, until their session is over: one whose recording broke off is recorded again. */
  readonly #followed = new Map<string, Desktop>();
  readonly #timer: NodeJS.Timeout;

  constructor(ports: RecorderPorts) {
    this.#ports = ports;
    this.#timer = setInterval(() => void this.tidy(), TIDY_MS);
  }

  /** A student is at this desktop: records it from now on, unless that is under way. Never rises. */
  follow(desktop: Desktop): void {
    this.#followed.set(desktop.containerId, desktop);
    if (this.#takes.has(desktop.containerId)) return;
    this.#takes.set(desktop.containerId, 'opening');
    this.#begin(desktop).catch((error: unknown) => {
      if (this.#takes.get(desktop.containerId) === 'opening') this.#takes.delete(desktop.containerId);
      this.#ports.log.error({ desktop: desktop.name, error: String(error) }, 'recording did not begin');
    });
  }

  /** Being recorded now. */
  isRecording(containerId: string): boolean {
    return this.#takes.get(containerId) instanceof Take;
  }

  endSession(containerId: string): void {
    this.#followed.delete(containerId);
    this.#end(containerId, 'session-over');
    this.#takes.delete(containerId);
  }

  /** Looks after it all now and then: what broke off goes on, what is too old or too much goes. Never rises. */
  async tidy(): Promise<void> {
    for (const desktop of this.#followed.values()) if (this.#ports.isStill(desktop)) this.follow(desktop);
    const { files, inUse, log } = this.#ports;
    try {
      const { removed, isFull } = await files.tidy(inUse());
      for (const { recording, why } of removed)
        log.info({ file: recording.file, bytes: recording.bytes, why }, 'recording removed');
      if (isFull) for (const containerId of [...this.#takes.keys()]) this.#end(containerId, 'total');
    } catch (error) {
      log.error({ error: String(error) }, 'recordings cannot be tidied up');
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#followed.clear();
    for (const containerId of [...this.#takes.keys()]) this.#end(containerId, 'worker-stopped');
  }

  async #begin(desktop: Desktop): Promise<void> {
    const { files, ledger, clock, log } = this.#ports;
    const { containerId } = desktop;
    const seat = seatOf(desktop);
    const left = await files.left(containerId);
    if (!seat || left <= 0) {
      this.#takes.set(containerId, 'full');
      log.warn({ desktop: desktop.name }, 'not recorded: this session has no room left');
      return;
    }
    const isWanted = (): boolean => this.#takes.get(containerId) === 'opening';
    const guacd = await join(this.#ports, desktop, { screen: SCREEN, settings: joinSettings(WATCHER), isWanted });
    if (!guacd || !isWanted() || !this.#ports.isStill(desktop)) {
      guacd?.socket.destroy();
      if (isWanted()) this.#takes.delete(containerId);
      return;
    }
    const began = clock();
    const file = await files.begin(recordingFile(seat, containerId, began)).catch((error: unknown) => {
      guacd.socket.destroy();
      throw error;
    });
    ledger.record({ kind: 'recording-began', at: began, desktop: inLedger(desktop), file: file.file });
    const take = new Take(guacd, file, left, (why, bytes) => {
      if (this.#takes.get(containerId) === take) {
        if (why === 'limit' || why === 'total' || why === 'disk') this.#takes.set(containerId, 'full');
        else this.#takes.delete(containerId);
      }
      ledger.record({ kind: 'recording-ended', at: clock(), desktop: inLedger(desktop), file: file.file, why, bytes });
      log.info({ desktop: desktop.name, file: file.file, bytes, why }, 'recording ended');
    });
    this.#takes.set(containerId, take);
  }

  #end(containerId: string, why: RecordingEnd): void {
    const take = this.#takes.get(containerId);
    if (take instanceof Take) take.end(why);
  }
}
