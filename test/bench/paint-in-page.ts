import type { LinkOptions } from '../../src/web/desktop-link.ts';

/** One way from a browser to a desktop. */
export interface Way {
  readonly tunnelUrl: string;
  readonly token: string;
  readonly jwt: string;
  /** A tunnel that closed, or did not paint within `tryMs`, is opened again after `againMs`, until `patienceMs` are over. */
  readonly patienceMs: number;
  readonly tryMs: number;
  readonly againMs: number;
}

/** Milliseconds of the page's own clock since it was told to go. */
export interface Painted {
  readonly painted: number;
  /** How often the tunnel was opened. */
  readonly tries: number;
}

type Screen = { readonly width: number; readonly height: number };

/**
 * Runs in the browser's page, so it stands alone. Painted: a frame that the browser is about to show has the whole screen
 * filled, a band in the colour of the sample exam's header across it, and the page's light ground below.
 */
export async function paintInPage({ screen, ...way }: Way & { readonly screen: Screen }): Promise<Painted> {
  const module = '/assets/desktop-link.js';
  const { openLink } = (await import(module)) as {
    openLink(options: LinkOptions): { element: HTMLElement; resize(size: Screen): void; close(): void };
  };
  const small = Object.assign(document.createElement('canvas'), { width: 64, height: 40 });
  const look = small.getContext('2d', { willReadFrequently: true });
  if (!look) throw new Error('no canvas in this browser');
  look.imageSmoothingEnabled = false;

  let seen = 'nothing';
  const isPainted = (element: HTMLElement): boolean => {
    const canvas = [...element.querySelectorAll('canvas')].find((each) => each.width >= screen.width * 0.9);
    if (!canvas) return false;
    look.clearRect(0, 0, small.width, small.height);
    // The canvas may be larger than the screen: it grows in steps.
    look.drawImage(canvas, 0, 0, screen.width, screen.height, 0, 0, small.width, small.height);
    const { data } = look.getImageData(0, 0, small.width, small.height);
    let [empty, light, headerRows] = [0, 0, 0];
    for (let y = 0; y < small.height; y++) {
      let header = 0;
      for (let x = 0; x < small.width; x++) {
        const at = (y * small.width + x) * 4;
        const [red, green, blue, alpha] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0, data[at + 3] ?? 0];
        if (alpha < 255) empty++;
        if (red > 0xe0 && green > 0xe0 && blue > 0xe0) light++;
        // #12536b; 16-bit colour moves it a little.
        if (Math.abs(red - 0x12) < 14 && Math.abs(green - 0x53) < 14 && Math.abs(blue - 0x6b) < 14) header++;
      }
      if (header > small.width / 2) headerRows++;
    }
    seen = `${empty} empty, ${light} light points, ${headerRows} rows of header`;
    return empty === 0 && headerRows >= 2 && light > (data.length / 4) * 0.4;
  };

  const began = performance.now();
  return await new Promise<Painted>((resolve, reject) => {
    let tries = 0;
    let opened = 0;
    let link: ReturnType<typeof openLink> | undefined;
    const again = (code: number): void => {
      link = undefined;
      if (performance.now() - began > way.patienceMs) reject(new Error(`the tunnel closed with ${code}`));
      else setTimeout(open, way.againMs);
    };
    const open = (): void => {
      tries++;
      opened = performance.now();
      const mine = openLink({
        ...way,
        pass: { token: way.token },
        size: screen,
        room: () => screen,
        onPainted: () => {
          // As the student's page does; a new RDP connection now and then comes without its size.
          mine.resize(screen);
        },
        onSteady: () => undefined,
        onClosed: again,
        onTouched: () => undefined,
        onCopied: () => undefined,
      });
      link = mine;
      document.body.replaceChildren(mine.element);
    };
    const tick = (): void => {
      const now = performance.now() - began;
      if (link && isPainted(link.element)) {
        link.close();
        resolve({ painted: now, tries });
      } else if (now > way.patienceMs) {
        link?.close();
        reject(new Error(`the exam page was not painted within ${way.patienceMs} ms: ${tries} tries, saw ${seen}`));
      } else {
        if (link && performance.now() - opened > way.tryMs) {
          link.close();
          again(0);
        }
        requestAnimationFrame(tick);
      }
    };
    open();
    tick();
  });
}
