import { describe, expect, test } from 'vitest'
import { DELEGATION_CONTEXT, DELEGATION_CONTEXT_URL } from '../src/index.ts'
import { rootPayload } from './support/delegations.ts'

describe('DELEGATION_CONTEXT', () => {
  const terms = DELEGATION_CONTEXT['@context']

  test('defines every member that is ours, below its own URL', () => {
    const optional = ['maxUses', 'purpose', 'workflow', 'policy', 'approval', 'parent']
    const members = [...Object.keys(Object(rootPayload()['credentialSubject'])), ...optional]
    for (const member of members.filter((name) => name !== 'id')) {
      const term = terms[member]
      const iri = typeof term === 'string' ? term : Object(term)['@id']
      expect(iri).toBe(`${DELEGATION_CONTEXT_URL}#${member}`)
    }
    expect(terms['DelegationCredential']).toBe(`${DELEGATION_CONTEXT_URL}#DelegationCredential`)
  })

  test('cannot be redefined by a context after it', () => {
    expect(terms['@protected']).toBe(true)
  })
})
