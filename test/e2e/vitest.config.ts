import { defineConfig } from 'vitest/config';

// One file at a time: they share one worker, and a browser with its desktop keeps two cores busy.
export default defineConfig({
  test: {
    name: 'e2e',
    include: ['test/e2e/*.e2e.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // What is waited for comes when a busy machine gets to it; the default is a second.
    expect: { poll: { timeout: 15_000 } },
    bail: 0,
  },
});
