import type { WorkerSettings } from './config.ts';
import type { Log } from './pool/ports.ts';
import { GuacdWatch } from './tunnel/guacd-watch.ts';
import { GuacdHolder } from './tunnel/holder.ts';
import { Shards } from './tunnel/shards.ts';

interface GuacdParts {
  readonly settings: Pick<WorkerSettings, 'guacds' | 'username' | 'policy'>;
  readonly log: Log;
  /** Starts the container of the service anew that has this host's address. */
  restart(host: string): Promise<void>;
  /** A desktop's own RDP password. */
  password(containerId: string): Promise<string>;
  /** A held connection broke by itself. */
  onLost(containerId: string): void;
}

export interface Guacds {
  readonly shards: Shards;
  readonly watch: GuacdWatch;
  readonly holder: GuacdHolder;
}

/** Puts together the guacds, who watches them, and what holds the desktops' connections at them. */
export function openGuacds({ settings, log, restart, password, onLost }: GuacdParts): Guacds {
  const shards = new Shards(settings.guacds);
  const watch = new GuacdWatch({
    shards,
    log,
    clock: Date.now,
    onOut: (shard) => holder.leave(shard),
    restart: ({ address }) => restart(address.host),
  });
  const { username, policy } = settings;
  const holder = new GuacdHolder({
    shards,
    username,
    policy,
    log,
    password,
    onDoubt: (shard) => watch.hurry(shard),
    onLost,
  });
  return { shards, watch, holder };
}
