// A site that behaves as exam sites do on a bad day, a page for each way. Run inside a container of the rig:
// node test/rig/odd-site.ts. What it was asked, and by whom, is told at /asked; /mend makes it well.
import { createServer, type ServerResponse } from 'node:http';

const LONG_TITLE = 'Kỳ thi "cuối kỳ" & môn học\t'.repeat(200);
const asked: { path: string; agent: string }[] = [];
let isMended = false;

type Page = (response: ServerResponse) => void;

const html =
  (status: number, head: string, body = 'Exam page'): Page =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(`<!doctype html><html><head>${head}</head><body>${body}</body></html>`);
  };

const moved =
  (location: string): Page =>
  (response) => {
    response.writeHead(302, { location }).end();
  };

const typing = `<script>
  const tell = (what) => fetch('/typed/' + encodeURIComponent(what));
  addEventListener('keydown', (event) => tell(event.key));
  addEventListener('input', (event) => fetch('/text/' + encodeURIComponent(event.target.value)));
  addEventListener('paste', (event) => tell('pasted ' + event.clipboardData.getData('text')));
</script><textarea autofocus>Type here</textarea>`;

// A picture that no compression makes small, ten times a second from the key n on, until another.
const noise = `<canvas width="700" height="450"></canvas><script>
  const canvas = document.querySelector('canvas').getContext('2d');
  const picture = canvas.createImageData(700, 450);
  const pixels = new Uint32Array(picture.data.buffer);
  let on = false;
  addEventListener('keydown', (event) => { on = event.key === 'n'; });
  setInterval(() => {
    if (!on) return;
    for (let at = 0; at < pixels.length; at++) pixels[at] = (Math.random() * 0x1000000) | 0xff000000;
    canvas.putImageData(picture, 0, 0);
  }, 100);
</script>`;

const PAGES: Record<string, Page> = {
  '/': html(200, '', 'A page without a title'),
  '/plain': html(200, '<title>Exam page</title>'),
  '/missing': html(404, '<title>Exam page</title>', 'Not here'),
  '/broken': html(500, '<title>Exam page</title>', 'Broken'),
  '/moved': moved('/plain'),
  '/away': moved('http://elsewhere.test/'),
  '/round': moved('/round'),
  '/empty-title': html(200, '<title> </title>'),
  '/long': html(200, `<title>${LONG_TITLE}</title>`),
  '/scripted': html(200, '<script>setTimeout(() => { document.title = "Late title"; }, 1500);</script>'),
  '/own-name': html(200, '<title>odd.school.test</title>'),
  '/typing': html(200, '<title>Type here</title>', typing),
  '/noise': html(200, '<title>Noise</title>', noise),
  '/popup': html(200, '<title>Popup page</title>', '<script>open("/plain", "", "width=500,height=300")</script>'),
  '/download': (response) => {
    response.writeHead(200, {
      'content-type': 'text/plain',
      'content-disposition': 'attachment; filename="../task.txt"',
    });
    response.end('The task');
  },
  '/mended-later': (response) =>
    isMended
      ? html(200, '<title>Exam page</title>')(response)
      : html(502, '<title>502 Bad Gateway</title>', 'nginx')(response),
  '/mend': (response) => {
    isMended = true;
    html(200, '')(response);
  },
  '/asked': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(asked));
  },
};

createServer((request, response) => {
  const path = request.url ?? '/';
  if (path !== '/asked') asked.push({ path, agent: request.headers['user-agent'] ?? '' });
  (PAGES[path] ?? html(404, ''))(response);
}).listen(80);
