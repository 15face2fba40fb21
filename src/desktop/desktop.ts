import type { FilesTold } from './files.ts';
import type { DesktopLabels } from './labels.ts';
import type { Place, Seat } from './names.ts';
import type { Proof } from './proof.ts';

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
  /** `unreachable`: it came up without the exam page, and asks on for it. */
  readonly page?: 'unreachable' | 'loaded' | undefined;
  /** How its last proof came out; undefined before the first since its start. */
  readonly proof?: Proof | undefined;
  /** How much its student's files take; undefined before it told. */
  readonly files?: FilesTold | undefined;
  /** Create time, milliseconds since the epoch, by the engine's clock. */
  readonly createdAt: number;
  /** Its student's files; undefined until the engine was looked at. */
  readonly volume?: string | undefined;
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

/** It failed its proof and was taken out of service. */
export function isQuarantined(desktop: Desktop): boolean {
  return desktop.place.kind === 'quarantine';
}

/** Its last proof failed: no student may be given it. */
export function isDistrusted(desktop: Desktop): boolean {
  return desktop.proof?.kind === 'bad';
}

/** It uses what the host has for students. One that was stopped in quarantine does not. */
export function takesSlot(desktop: Desktop): boolean {
  return !isQuarantined(desktop) || desktop.state !== 'stopped';
}

/** The student at this desktop; undefined while it is in the pool. */
export function seatOf(desktop: Desktop): Seat | undefined {
  return desktop.place.kind === 'seat' ? desktop.place.seat : undefined;
}
