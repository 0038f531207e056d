import { defineConfig } from 'vitest/config'

const conditions = ['behalf-source', 'node', 'module', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', './tools/closing-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
