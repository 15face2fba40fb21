import type { DesktopLabels } from './labels.ts';
import type { Place, Seat } from './names.ts';

/**
 * Where a desktop stands in its life. Who sits at it is not here: that is its place (its container's name).
 * - `starting`: made, but has not yet said that its X session, browser and lock are there.
 * - `ready`: it said so; usable, but no guacd connection is held to it yet.
 * - `warm`: ready and held: a student's join only has to attach.
 * - `failed`: it said that it will never be ready, or took too long.
 * - `stopped`: its container does not run.
 */
export type DesktopState = 'starting' | 'ready' | 'warm' | 'failed' | 'stopped';

/** One desktop of this worker as it is known now. */
export interface Desktop {
  readonly containerId: string;
  readonly name: string;
  readonly place: Place;
  readonly labels: DesktopLabels;
  /** Fixed IPv4 address on the exam network. */
  readonly ip: string;
  readonly state: DesktopState;
  /** Why it is `failed`, or what its lock lacks; undefined when all is well. */
  readonly reason?: string | undefined;
  /** Create time, milliseconds since the epoch, by the engine's clock. */
  readonly createdAt: number;
}

/** A student can work at it now. */
export function isUsable(desktop: Desktop): boolean {
  return desktop.state === 'warm' || desktop.state === 'ready';
}

/** Nobody has it yet. */
export function isPooled(desktop: Desktop): boolean {
  return desktop.place.kind === 'pool';
}

export function isInUse(desktop: Desktop): boolean {
  return desktop.place.kind === 'seat';
}

/** The student at this desktop; undefined while it is in the pool. */
export function seatOf(desktop: Desktop): Seat | undefined {
  return desktop.place.kind === 'seat' ? desktop.place.seat : undefined;
}
