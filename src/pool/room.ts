import { type Fit, fitsBeside } from '../desktop/capacity.ts';
import { everyDesktop, type PoolParts } from './parts.ts';

/** Looks at the host, then tells at any later moment how many desktops may still be made. */
export async function lookForRoom(parts: PoolParts): Promise<() => Fit> {
  const { settings, host } = parts;
  const left = await host.left();
  return () => {
    const all = everyDesktop(parts);
    const coming = all.filter((desktop) => desktop.state === 'starting').length;
    return fitsBeside({ slots: settings.maxDesktops - all.length, coming, left, memoryMb: settings.desktopMemoryMb });
  };
}
