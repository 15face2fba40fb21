import { defineConfig } from 'vitest/config';

// Unit tests need nothing but Node. Integration tests drive the real engine and real services; one file at a time,
// because they share two cores and an engine.
export default defineConfig({
  test: {
    projects: [
      // Five seconds, the default, is not enough for a password's hash on a machine that is busy with other things.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
          // What is waited for comes when a busy machine gets to it; the default is a second.
          expect: { poll: { timeout: 15_000 } },
        },
      },
    ],
  },
});
