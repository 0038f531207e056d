import type { CapabilityView, RequestView } from '../../src/api/views.ts'

export const READ: CapabilityView = {
  type: 'http',
  locations: ['https://api.example'],
  actions: ['GET'],
  paths: ['/issues/**'],
}

export const COMMENT: CapabilityView = {
  type: 'http',
  locations: ['https://api.example'],
  actions: ['POST'],
  paths: ['/issues/*/comments'],
  constraints: { body: { text: { maxLength: 500 } } },
}

/** A pending request of an agent for alice, with what a test is about. */
export function requestView(change: Partial<RequestView> = {}): RequestView {
  return {
    id: 'urn:uuid:6f2c0000-0000-4000-8000-000000000001',
    version: 1,
    status: 'pending',
    agent: 'did:key:z6MkAgent',
    agent_name: 'Issue sorter',
    agent_fingerprint: '0123 4567',
    agent_first_seen: '2026-01-01T00:00:00Z',
    agent_enrolled: false,
    name_warnings: [],
    on_behalf_of: { id: 'alice' },
    capabilities: [READ, COMMENT],
    valid_for_seconds: 1800,
    max_uses: 100,
    max_delegation_depth: 1,
    purpose: 'Sort new issues',
    policy: { id: 'default', digest: 'sha-256:x', decision: 'ask-one' },
    requested_at: '2026-01-01T00:00:00Z',
    expires_at: '2026-01-01T00:10:00Z',
    sentences: [],
    approvals_needed: 1,
    approvals: [],
    turn: 'yours',
    ...change,
  }
}
