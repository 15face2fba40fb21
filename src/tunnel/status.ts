/** Status codes of the Guacamole protocol that we give of our own, and the words that go with them. */
export const STATUS = {
  serverError: { code: 512, words: 'The tunnel failed' },
  serverBusy: { code: 513, words: 'The server is busy' },
  noAnswer: { code: 514, words: 'The desktop does not answer' },
  openElsewhere: { code: 517, words: 'Open in another window' },
  takenOver: { code: 521, words: 'Opened in another window' },
  sessionOver: { code: 523, words: 'The session is over' },
  badRequest: { code: 768, words: 'Bad request' },
  // One answer for every token that opens nothing, so that none tells a good guess from a bad one.
  refused: { code: 769, words: 'Not allowed' },
  tooSlow: { code: 776, words: 'The connection is too slow' },
} as const;

/** A reason of ours, or one that guacd gave. */
export interface Status {
  readonly code: number;
  readonly words: string;
}
