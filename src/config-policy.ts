import { z } from 'zod';
import { amount, flag, text, whole } from './config-fields.ts';
import type { RecordingLimits } from './desktop/recording.ts';
import { CLIPBOARDS, CLOSED, KEYBOARD_LAYOUTS, RESIZES, type TunnelPolicy } from './tunnel/policy.ts';

const oneOf = <Name extends string>(names: readonly Name[], fallback: Name) =>
  z
    .string()
    .default(fallback)
    .pipe(z.enum(names, { error: `must be one of ${names.join(', ')}` }));

const MB = 1024 * 1024;

/** What the tunnels of this worker allow. */
export const policyFields = {
  TUNNEL_CLIPBOARD: oneOf(CLIPBOARDS, CLOSED.clipboard),
  TUNNEL_KEYBOARD_LAYOUT: oneOf(KEYBOARD_LAYOUTS, CLOSED.keyboardLayout),
  TUNNEL_RESIZE: oneOf(RESIZES, CLOSED.resize),
  TUNNEL_RECORDING: flag(false),
  RECORDING_DIR: text('/var/lib/vdi-recordings'),
  RECORDING_LIMIT_MB: whole(512, 1, 1_000_000),
  RECORDING_TOTAL_MB: whole(20_480, 1, 100_000_000),
  RECORDING_KEEP_HOURS: amount(1, 8760).default(72),
};

type PolicyFields = { [Name in keyof typeof policyFields]: z.output<(typeof policyFields)[Name]> };

export function tunnelPolicy(env: PolicyFields): TunnelPolicy {
  return {
    clipboard: env.TUNNEL_CLIPBOARD,
    keyboardLayout: env.TUNNEL_KEYBOARD_LAYOUT,
    resize: env.TUNNEL_RESIZE,
  };
}

/** Where and how much of students' screens is recorded; undefined where nothing is. */
export function recordingSettings(env: PolicyFields): (RecordingLimits & { readonly directory: string }) | undefined {
  if (!env.TUNNEL_RECORDING) return undefined;
  return {
    directory: env.RECORDING_DIR,
    sessionBytes: env.RECORDING_LIMIT_MB * MB,
    totalBytes: env.RECORDING_TOTAL_MB * MB,
    keepMs: env.RECORDING_KEEP_HOURS * 3_600_000,
  };
}
