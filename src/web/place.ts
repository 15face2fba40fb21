/** Which exam this tab sits in: a reload leads back to the desktop without asking. */
export interface Place {
  readonly examId: number;
  readonly examName: string;
  readonly accessCode: string;
}

const STORED = 'vdi.place';

export function storedPlace(): Place | undefined {
  const stored = sessionStorage.getItem(STORED);
  return stored ? (JSON.parse(stored) as Place) : undefined;
}

export function keepPlace(place: Place): void {
  sessionStorage.setItem(STORED, JSON.stringify(place));
}

export function forgetPlace(): void {
  sessionStorage.removeItem(STORED);
}
