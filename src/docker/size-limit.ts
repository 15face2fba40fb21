import type Docker from 'dockerode';
import { asking } from './errors.ts';

/** What the engine says where its volumes lie on a file system without project quotas. */
const NO_QUOTA = /quota/i;

/**
 * Finds out whether this engine's volumes can be given a size, by making one. Docker looks once, at its own start, whether
 * its files lie on ext4 or xfs with project quotas.
 * @param labels make a volume that is left over known as this worker's
 * @throws EngineDown
 */
export async function findSizeLimit(docker: Docker, labels: Readonly<Record<string, string>>): Promise<boolean> {
  try {
    const volume = await asking(
      docker.createVolume({ Driver: 'local', DriverOpts: { size: '16m' }, Labels: { ...labels } }),
    );
    await asking(docker.getVolume(volume.name).remove());
    return true;
  } catch (error) {
    if (saysNoQuota(error)) return false;
    throw error;
  }
}

export function saysNoQuota(error: unknown): boolean {
  return error instanceof Error && NO_QUOTA.test(error.message);
}
