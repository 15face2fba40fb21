import type { WebSocket } from 'ws';
import type { Desktop } from '../desktop/desktop.ts';
import type { Watcher } from './admit-watcher.ts';

/** Those who see a student's screen beside him. They join his desktop on their own; his tunnel does not know of them. */
export interface Onlookers {
  /** Lets an admitted watcher look. */
  watch(browser: WebSocket, desktop: Desktop, watcher: Watcher): Promise<void>;
  /** A student is at this desktop: his screen is recorded from now on, where that is switched on. */
  record(desktop: Desktop): void;
  /** How many watch this desktop. */
  watchers(containerId: string): number;
  isRecorded(containerId: string): boolean;
  /** The session is over, or the desktop stopped. */
  endSession(containerId: string): void;
  close(): void;
}
