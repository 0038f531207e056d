import { createUuid, systemRandomBytes, verifyEd25519 } from '@behalf/core'
import {
  type AccessTokenClaims,
  createDpopProof,
  createTokenStatuses,
  parseCompactJws,
  parseDelegationChain,
  signAccessToken,
  signTokenStatusList,
  tokenKeyId,
} from '@behalf/credential'
import {
  createMemoryReplayStore,
  createTokenVerifier,
  type IncomingRequest,
  type ReplayStore,
  type TokenVerifier,
} from '@behalf/verifier'
import { createBenchStatus, createParty, issuer, ORIGIN, type Party, signChain } from './bench-world.ts'
import type { BenchRun } from './closed-loop.ts'
import type { GoalCase } from './request-cases.ts'

const BARE_PROOF = 'bare verification, bytes of a proof'
const LINKS = 3
const AUTHORITY = 'https://authority.test'
const LIST_URL = `${AUTHORITY}/status/token-lists/1`
const TARGET = '/v1/items/7'
/** A token of 300 seconds is used for so long. */
const TOKEN_MS = 200_000

const authority = createParty()

/** A token, the agent that it is bound to, and when it was made. */
interface HeldToken {
  readonly token: string
  readonly agent: Party
  readonly madeAt: number
}

/** Requests with access tokens: known ones, and new ones for agents whose keys are known. */
export async function createTokenCases(): Promise<readonly GoalCase[]> {
  const verifier = await createBenchTokenVerifier()
  const agents = Array.from({ length: LINKS }, () => createParty())
  const warm = createHolder(agents, verifier)
  const prepare = (make: () => Promise<IncomingRequest>) => (count: number) =>
    prepareRuns(count, verifier, make)
  return [
    await createBareCase(await signTokenRequest(await warm()), agents),
    {
      name: `token, chain of ${LINKS}, known`,
      against: BARE_PROOF,
      prepare: prepare(async () => signTokenRequest(await warm())),
    },
    {
      name: `token, chain of ${LINKS}, new`,
      against: BARE_PROOF,
      prepare: prepare(async () => signTokenRequest(await makeToken(agents))),
    },
  ]
}

/** A verifier of tokens that has been running for a while. */
export async function createBenchTokenVerifier(replayStore?: ReplayStore): Promise<TokenVerifier> {
  return createTokenVerifier({
    origins: [ORIGIN],
    audience: ORIGIN,
    authorities: [{ issuer: AUTHORITY, did: issuer.did }],
    statusSource: await createBenchStatus(),
    replayStore: replayStore ?? createMemoryReplayStore({ clock: () => Date.now() - 60_000 }),
    fetch: answerAsAuthority,
  })
}

/** A token for a chain of these agents that was never seen before. */
export async function makeToken(agents: readonly Party[]): Promise<HeldToken> {
  const { links, agent } = await signChain(agents)
  const { links: delegations, root, leaf } = parseDelegationChain(links)
  const madeAt = Date.now()
  const claims: AccessTokenClaims = {
    issuer: AUTHORITY,
    principal: { issuer: root.issuer, ...root.onBehalfOf },
    audience: ORIGIN,
    agent: leaf.subject,
    issuedAt: madeAt,
    expiresAt: madeAt + 300_000,
    id: createUuid(systemRandomBytes),
    jkt: tokenKeyId(leaf.publicKey),
    actors: delegations.map(({ subject }) => subject).toReversed(),
    // A token holds no constraint on bodies.
    capabilities: leaf.capabilities.filter((capability) => !('constraints' in capability)),
    root: root.id,
    delegations: delegations.map(({ id }) => id),
    status: { index: 7, uri: LIST_URL },
    delegationStatus: delegations.map(({ status }) => status),
    ...(leaf.workflow === undefined ? {} : { workflow: leaf.workflow }),
  }
  return { token: await signAccessToken(claims, authority.signer), agent, madeAt }
}

/** A GET with the token and a new proof. */
export async function signTokenRequest({ token, agent }: HeldToken): Promise<IncomingRequest> {
  const proof = await createDpopProof({
    signer: agent.signer,
    method: 'GET',
    url: ORIGIN + TARGET,
    accessToken: token,
    now: Date.now(),
    jti: createUuid(systemRandomBytes),
  })
  const headers = [
    ['host', new URL(ORIGIN).host],
    ['accept', '*/*'],
    ['accept-language', '*'],
    ['user-agent', 'node'],
    ['accept-encoding', 'br, gzip, deflate'],
    ['authorization', `DPoP ${token}`],
    ['dpop', proof],
  ] as const
  return { method: 'GET', target: TARGET, headers, body: new Uint8Array() }
}

/** The same token until it is about to end; the verifier knows it. */
function createHolder(agents: readonly Party[], verifier: TokenVerifier): () => Promise<HeldToken> {
  let held: HeldToken | undefined
  return async () => {
    if (held !== undefined && Date.now() - held.madeAt < TOKEN_MS) return held
    held = await makeToken(agents)
    await verifier.verify(await signTokenRequest(held))
    return held
  }
}

async function createBareCase(request: IncomingRequest, agents: readonly Party[]): Promise<GoalCase> {
  const proof = request.headers.find(([name]) => name === 'dpop')?.[1] ?? ''
  const { signingInput } = parseCompactJws(proof, { maxBytes: proof.length })
  const { signer } = agents.at(-1) ?? issuer
  return {
    name: BARE_PROOF,
    against: BARE_PROOF,
    prepare: async (count) => {
      const signature = await signer.sign(signingInput)
      return Array.from({ length: count }, () => () => {
        if (!verifyEd25519(signer.publicKey, signingInput, signature)) throw new Error('does not verify')
      })
    },
  }
}

async function prepareRuns(
  count: number,
  verifier: TokenVerifier,
  makeRequest: () => Promise<IncomingRequest>,
): Promise<readonly BenchRun[]> {
  const runs: BenchRun[] = []
  for (let index = 0; index < count; index += 1) {
    const request = await makeRequest()
    runs.push(() => verifier.verify(request))
  }
  return runs
}

async function answerAsAuthority(url: string): Promise<Response> {
  const { publicKey } = authority.signer
  if (url.endsWith('/oauth-authorization-server')) {
    return Response.json({ issuer: AUTHORITY, jwks_uri: `${AUTHORITY}/.well-known/jwks.json` })
  }
  if (url.endsWith('/jwks.json')) {
    const x = Buffer.from(publicKey).toString('base64url')
    return Response.json({ keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid: tokenKeyId(publicKey) }] })
  }
  const now = Date.now()
  return new Response(
    await signTokenStatusList({
      uri: LIST_URL,
      issuer: AUTHORITY,
      statuses: createTokenStatuses(2, 65_536),
      now,
      expiresAt: now + 60_000,
      ttlSeconds: 10,
      signer: authority.signer,
    }),
  )
}
