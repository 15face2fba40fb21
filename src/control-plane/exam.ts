export interface Exam {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly accessCode: string;
  readonly startTime: Date;
  readonly endTime: Date;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type ExamFields = Omit<Exam, 'id' | 'createdAt' | 'updatedAt'>;

export type ExamDoor = 'open' | 'not_active' | 'not_started' | 'over';

/** Whether a student may come in now. */
export function doorOf(exam: Pick<Exam, 'isActive' | 'startTime' | 'endTime'>, now: Date): ExamDoor {
  if (!exam.isActive) return 'not_active';
  if (now < exam.startTime) return 'not_started';
  if (now >= exam.endTime) return 'over';
  return 'open';
}
