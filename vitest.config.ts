import { defineConfig } from 'vitest/config'

// Node adds `import` or `require` by itself; told here, a CommonJS package that requires another would get its module.
const conditions = ['behalf-source', 'node', 'module']

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
