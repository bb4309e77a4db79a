import { defineConfig } from 'vitest/config'

const conditions = ['source', 'node']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ['default'],
    projects: [
      // Pure and in-process: no root, no other program. Lies beside its source.
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'], exclude: ['src/**/*.real.test.ts'] } },
      // Real programs (PostgreSQL, runc, btrfs, git, the router process): one file at a time, root where the file says so.
      {
        extends: true,
        test: {
          name: 'real',
          include: ['src/**/*.real.test.ts', 'test/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
