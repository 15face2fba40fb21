import { defineConfig } from 'vitest/config';

// Unit tests need nothing but Node. Integration tests drive the real engine and real services; one file at a time,
// because they share two cores and an engine.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
