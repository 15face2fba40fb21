import type { Desktop } from '../../src/desktop/desktop.ts';

export const seat = { examId: 7, userId: 42 };

/** A student's desktop as the pool knows it. */
export const seated: Desktop = {
  containerId: 'c1',
  name: 'exam_7_u42',
  place: { kind: 'seat', seat },
  labels: { worker: 'w', examId: 7, desktopId: 'a', imageId: 'i', template: 't' },
  ip: '10.213.1.7',
  state: 'warm',
  createdAt: 0,
};
