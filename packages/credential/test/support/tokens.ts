import { type AccessTokenClaims, type TokenKeys, tokenKeyId } from '../../src/index.ts'
import { type Actor, agent, createActor, issuer, MINUTE, NOW } from './actors.ts'
import { CAPABILITY, statusEntry, uuid } from './delegations.ts'

/** The URL of the authority of every token. */
export const AUTHORITY = 'https://authority.test'

/** Whom every token is for. */
export const AUDIENCE = 'https://api.test'

/** The token key of the authority. */
export const tokenKey: Actor = createActor(40)

/** Knows {@link tokenKey} alone. */
export const tokenKeys: TokenKeys = (kid) =>
  kid === tokenKeyId(tokenKey.publicKey) ? tokenKey.publicKey : undefined

/** Returns the claims of a token of two links. */
export function tokenClaims(changes: Partial<AccessTokenClaims> = {}): AccessTokenClaims {
  return {
    issuer: AUTHORITY,
    principal: { issuer: issuer.did, id: 'principal-1', role: 'editor' },
    audience: AUDIENCE,
    agent: agent(1).did,
    issuedAt: NOW,
    expiresAt: NOW + MINUTE,
    id: uuid(100),
    jkt: tokenKeyId(agent(1).publicKey),
    actors: [agent(1).did, agent(0).did],
    capabilities: [CAPABILITY],
    workflow: { id: 'triage', run: '7' },
    root: uuid(0),
    delegations: [uuid(0), uuid(1)],
    status: { index: 5, uri: `${AUTHORITY}/status/token-lists/1` },
    delegationStatus: [statusEntry(0), statusEntry(1)],
    ...changes,
  }
}
