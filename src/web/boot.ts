// The first script of each page. A page consists of some twenty files, and on a shaky network (or on the worker's own
// host, where the browser drops requests whenever a desktop's interface comes or goes) one of them may get lost: without
// this, the page would stay blank until somebody thinks of reloading it.
const LONGEST_WAIT_MS = 15_000;
const COUNT = 'vdi.reloads';

try {
  await import(`/assets/${document.body.className}.js`);
  sessionStorage.removeItem(COUNT);
} catch (error) {
  const reloads = Number(sessionStorage.getItem(COUNT) ?? 0) + 1;
  sessionStorage.setItem(COUNT, String(reloads));
  reportError(error);
  setTimeout(() => location.reload(), Math.min(LONGEST_WAIT_MS, 500 * 2 ** reloads));
}

export {};
