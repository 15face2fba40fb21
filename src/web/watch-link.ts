import { openPicture, type PictureLink, type PictureOptions } from './picture-link.ts';

export interface WatchLinkOptions extends Omit<PictureOptions, 'onState'> {
  /** Whom to watch: EXAM:STUDENT. */
  readonly watch: string;
  /** The pass for this look. */
  readonly jwt: string;
}

/** A look at somebody's desktop: nothing goes to it. The student's window decides the size; this page only makes it fit. */
export type WatchLink = Pick<PictureLink, 'element' | 'fit' | 'close'>;

export function openWatchLink({ watch, jwt, ...options }: WatchLinkOptions): WatchLink {
  const picture = openPicture(options);
  picture.connect({ watch, jwt });
  return picture;
}
