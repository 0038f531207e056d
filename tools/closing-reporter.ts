import type { Reporter, TestModule } from 'vitest/node'

const NEEDS = /\[needs (.+)\]$/u

/** Ends a run with what was skipped and how to get it, then one line of counts. */
export default class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    const needs = new Set<string>()
    for (const module of modules) {
      // A file that does not load runs no test, and must not look like one that had nothing to say.
      if (module.state() === 'failed' && [...module.children.allTests()].length === 0) counts.failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'pending') continue
        counts[state] += 1
      }
      for (const suite of module.children.allSuites()) {
        const match = NEEDS.exec(suite.name)
        if (match?.[1]) needs.add(match[1])
      }
    }
    for (const need of [...needs].sort()) console.log(`skipped: needs ${need}`)
    console.log(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  }
}
