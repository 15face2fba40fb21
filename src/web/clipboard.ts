/**
 * Puts text of the desktop onto this computer's clipboard. Browsers allow that to pages that came over HTTPS (or from this
 * machine) only: elsewhere the text stays in the desktop.
 */
export function copyHere(text: string): void {
  navigator.clipboard?.writeText(text).catch(() => undefined);
}
