import type { WorkerSettings } from './config.ts';
import { type Desktop, isInUse } from './desktop/desktop.ts';
import type { Pool } from './pool/pool.ts';
import type { Ledger, Log } from './pool/ports.ts';
import type { GuacdHolder } from './tunnel/holder.ts';
import type { Onlookers } from './tunnel/onlookers.ts';
import { Recorder } from './tunnel/recorder.ts';
import { RecordingFiles } from './tunnel/recording-files.ts';
import { WatchRoom } from './tunnel/watch-room.ts';

interface Parts {
  readonly pool: Pick<Pool, 'atAddress' | 'desktops'>;
  readonly holder: Pick<GuacdHolder, 'connection'>;
  readonly ledger: Ledger;
  readonly log: Log;
}

/** Who looks at students' screens on this worker: proctors, and the recordings where they are switched on. */
export function openOnlookers({ recording, tunnel }: WorkerSettings, { pool, holder, ledger, log }: Parts): Onlookers {
  const ports = {
    ledger,
    log,
    clock: Date.now,
    keepAliveMs: tunnel.keepAliveMs,
    connection: (desktop: Desktop) => holder.connection(desktop),
    // Who only looks never ends the connection that a student works on, even if guacd refuses the one who looks.
    loseConnection: () => undefined,
    isStill: (desktop: Desktop) => pool.atAddress(desktop.ip)?.containerId === desktop.containerId,
    inUse: () =>
      pool
        .desktops()
        .filter(isInUse)
        .map(({ containerId }) => containerId),
  };
  const watchRoom = new WatchRoom(ports);
  const files = recording && new RecordingFiles(recording.directory, recording, Date.now);
  const recorder = files && new Recorder({ ...ports, files });
  return {
    watch: (browser, desktop, watcher) => watchRoom.serve(browser, desktop, watcher),
    record: (desktop) => recorder?.follow(desktop),
    watchers: (containerId) => watchRoom.count(containerId),
    isRecorded: (containerId) => recorder?.isRecording(containerId) ?? false,
    endSession(containerId) {
      watchRoom.endSession(containerId);
      recorder?.endSession(containerId);
    },
    close() {
      watchRoom.close();
      recorder?.close();
    },
  };
}
