import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // The live histories alone have tests that run side by side: each has several processes.
    maxConcurrency: 3,
    reporters: ['default'],
  },
});
