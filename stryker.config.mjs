/** What holds for every package; tools/mutation/mutate-package.ts adds what differs. */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'tools/mutation/vitest.config.ts', pool: 'forks' },
  coverageAnalysis: 'perTest',
  ignoreStatic: false,
  disableTypeChecks: true,
  incremental: true,
  // A test that waits for an event that never comes: other work on the machine must not look like it.
  timeoutMS: 15_000,
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  // The last of these would be rewritten through an API that TypeScript 7 does not have.
  ignorePatterns: ['/.ci', '/apps', '/docs', 'dist', '/tsconfig.json'],
  reporters: ['progress-append-only', 'html'],
  logLevel: 'warn',
  warnings: { slow: false },
}
