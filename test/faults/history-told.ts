import { type Seat, seatName } from '../../src/desktop/names.ts';
import type { Rig } from '../rig/rig.ts';

/** The history in the database tells of each student's session once, and of no other as going on. */
export async function historyTold(
  rig: Rig,
  ever: readonly Seat[],
  seats: ReadonlyMap<string, { readonly containerId: string }>,
): Promise<true | string> {
  const { history } = (await rig.call('/api/vdi/cluster/status')).body;
  if (history.waiting > 0 || history.lastError !== null) return `not delivered: ${JSON.stringify(history)}`;
  for (const seat of ever) {
    const query = `examId=${seat.examId}&userId=${seat.userId}`;
    const { sessions } = (await rig.call(`/api/vdi/cluster/history?${query}`)).body;
    const going = sessions
      .filter(({ endedAt }: { endedAt: string | null }) => endedAt === null)
      .map(({ containerId }: { containerId: string }) => containerId);
    const expected = seats.get(seatName(seat))?.containerId;
    if (going.join() !== (expected ?? '')) return `${seatName(seat)} has ${expected}, told is ${going}`;
  }
  return true;
}
