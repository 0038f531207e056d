import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { POLICY_SCHEMA } from '../src/index.ts'

test('the schema that is published is the one that policies are held to', () => {
  const published = new URL('../../../docs/policies/behalf.cedarschema', import.meta.url)
  expect(readFileSync(published, 'utf8')).toBe(POLICY_SCHEMA)
})
