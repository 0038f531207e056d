import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests that go through very many inputs: what they would find, a small one mostly has found before. */
const THOROUGH =
  /(?:oracle|approval-bytes|gzip|status-list|printable|adapters|sqlite|passing-time)\.test\.ts$/u

/**
 * Runs the test file that is named after the changed source first and the thorough ones last. A run ends with the
 * first failure, so that most changes cost one small test file instead of all that reach them.
 */
export class NearestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const related = this.ctx.config.related ?? []
    const names = new Set(related.map((path) => `${basename(path, '.ts')}.test.ts`))
    const rank = ({ moduleId }: TestSpecification): number => {
      if (names.has(basename(moduleId))) return 0
      return THOROUGH.test(moduleId) ? 2 : 1
    }
    return Promise.resolve(files.toSorted((one, other) => rank(one) - rank(other)))
  }
}
