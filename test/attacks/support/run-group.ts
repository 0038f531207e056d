import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADAPTERS, type AdapterName } from './adapters.ts'
import type { AttackCase } from './attack-case.ts'
import { expectAnswer } from './expectation.ts'
import { type Api, type OpenApi, openApi, withLab } from './lab.ts'
import { baseline } from './request.ts'

/** A case and what it must come to. */
export interface ExpectedCase {
  readonly title: string
  readonly attack: AttackCase
  readonly code: (adapter: AdapterName) => string
}

/** Declares the tests of a group: its cases on every adapter, and that the API serves the baseline request after them. */
export function runGroup(name: string, cases: readonly ExpectedCase[]): void {
  if (cases.length === 0) return
  describe(name, () => {
    for (const { title, attack, code } of cases) {
      if (attack.over === 'call') {
        test(title, async () => expect(await attack.run()).toBe(code('hono')))
      }
    }
    for (const adapter of ADAPTERS) {
      const here = cases.filter(({ attack }) => attack.over !== 'call' && attack.adapters.includes(adapter))
      if (here.length > 0) describe(adapter, () => runOnAdapter(adapter, here))
    }
  })
}

function runOnAdapter(adapter: AdapterName, cases: readonly ExpectedCase[]): void {
  let shared: OpenApi
  beforeAll(async () => {
    shared = await openApi(adapter)
  })
  afterAll(() => shared.close())

  for (const { title, attack, code } of cases) {
    if (attack.over === 'call') continue
    test(title, () =>
      withLab(adapter, shared, async (lab) => {
        if (attack.over === 'invariant') {
          await attack.run(lab)
        } else {
          const answers = [await attack.run(lab)].flat()
          expect(answers).not.toEqual([])
          for (const answer of answers) expectAnswer(answer, code(adapter))
        }
        expect(shared.handled).toBe(shared.accepted)
      }),
    )
  }

  test('the baseline request is still accepted', () => expectBaseline(shared))
}

/** The API serves the request that is in order, and refused every other one before its handler. */
async function expectBaseline(api: Api): Promise<void> {
  const before = api.handled
  expectAnswer(await api.sendSigned(baseline()), 'ok')
  expect(api.handled).toBe(before + 1)
}
