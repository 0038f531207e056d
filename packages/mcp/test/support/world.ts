import { createEd25519Signer, digestSha256, type Signer } from '@behalf/core'
import {
  type Capability,
  createBitstring,
  createDelegationPayload,
  type StatusList,
  signDelegation,
  signStatusList,
  verifyStatusList,
  writeBit,
} from '@behalf/credential'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import {
  type AuditRecord,
  createMemoryReplayStore,
  createMemoryUseCounter,
  didKeyIssuerKeys,
  type StatusSource,
  VerifierError,
} from '@behalf/verifier'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { createMcpEndpoint, type McpEndpoint, type McpEndpointOptions } from '../../src/index.ts'

export const MCP_URL = 'https://mcp.test/mcp'
/** 1 December 2026, noon UTC. */
export const NOW = Date.UTC(2026, 11, 1, 12)
const LIST_URL = 'https://authority.test/status/lists/1'

interface Party {
  readonly signer: Signer
  readonly did: Did
  readonly kid: string
}

export function createParty(byte: number): Party {
  const signer = createEd25519Signer(new Uint8Array(32).fill(byte))
  const did = encodeDidKey(signer.publicKey)
  return { signer, did, kid: encodeDidKeyUrl(did) }
}

export const issuer: Party = createParty(1)

async function makeList(revoked: readonly number[]): Promise<StatusList> {
  const bits = createBitstring()
  for (const index of revoked) writeBit(bits, index, true)
  const jws = await signStatusList({
    id: LIST_URL,
    issuer: issuer.did,
    kid: issuer.kid,
    purpose: 'revocation',
    bits,
    version: 1,
    now: NOW - 60_000,
    validUntil: NOW + 86_400_000,
    signer: issuer.signer,
  })
  return verifyStatusList(jws, { id: LIST_URL, issuer: issuer.did, issuers: didKeyIssuerKeys, now: NOW })
}

/** What stands between a wallet and servers. */
export interface WalletChanges {
  /** To the endpoint; default: its fetch. */
  readonly send?: (request: Request) => Promise<Response>
  /** To everything else. */
  readonly elsewhere?: (request: Request) => Promise<Response>
}

/** How the root was approved. */
type GrantMethod = 'operator' | 'passkey'

/** What a test changes in a delegation. */
export interface GrantChanges {
  /** Default: `person-7`. */
  readonly principal?: string
}

/** What a test has to do with. */
export interface World {
  readonly endpoint: McpEndpoint
  readonly records: AuditRecord[]
  /** Milliseconds; the clock of everybody. */
  now: number
  /** A wallet whose requests reach the endpoint without a network; `send` is what stands between. */
  readonly wallet: (byte: number, options?: WalletChanges) => Wallet
  /** Has the wallet hold a delegation, which an operator approved by default; returns its index in the status list. */
  grant(wallet: Wallet, capabilities: readonly Capability[], method?: 'operator' | 'passkey'): Promise<number>
  /** From now on these are revoked, and whoever listens is told. */
  revoke(...indices: readonly number[]): Promise<void>
}

let granted = 0

/** An issuer, what is known of its delegations, agents, and what a verifier works with that trusts it. */
export async function makeSurroundings() {
  const records: AuditRecord[] = []
  const time = { now: NOW - 60_000 }
  const clock = (): number => time.now
  let list = await makeList([])
  const listeners = new Set<(did: Did) => void>()
  const statusSource: StatusSource = {
    read: () => ({
      lists: (url) => (url === LIST_URL ? list : undefined),
      isKeyRevoked: () => false,
      time: NOW,
      epoch: 1,
      sequence: 1,
    }),
    ready: () => Promise.resolve(),
    close: () => undefined,
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const options = {
    trustedIssuers: [issuer.did],
    statusSource,
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    auditSink: { record: (entry: AuditRecord) => void records.push(entry) },
    clock,
  }
  time.now = NOW
  return {
    options,
    records,
    time,
    clock,
    grant: (wallet: Wallet, capabilities: readonly Capability[], how: GrantMethod | GrantChanges = {}) =>
      grant(wallet, capabilities, {
        method: typeof how === 'string' ? how : 'operator',
        ...(typeof how === 'string' ? {} : how),
        now: time.now,
      }),
    revoke: async (...indices: readonly number[]) => {
      list = await makeList(indices)
      for (const listener of listeners) listener(issuer.did)
    },
  }
}

/** An endpoint at MCP_URL, an issuer it trusts, and agents. */
export async function makeWorld(
  options: Pick<McpEndpointOptions<undefined>, 'handler'> & Partial<McpEndpointOptions<undefined>>,
): Promise<World> {
  const { options: common, time, clock, ...surroundings } = await makeSurroundings()
  const endpoint = createMcpEndpoint({ url: MCP_URL, ...common, ...options })
  return {
    ...surroundings,
    endpoint,
    get now() {
      return time.now
    },
    set now(value) {
      time.now = value
    },
    wallet: (byte, { send = endpoint.fetch, elsewhere } = {}) =>
      createMemoryWallet({
        seed: new Uint8Array(32).fill(byte),
        clock,
        fetch: async (url, init) => {
          const request = toServed(url, init)
          return await (new URL(request.url).host === 'mcp.test' || elsewhere === undefined
            ? send(request)
            : elsewhere(request))
        },
      }),
  }
}

/** The request as a server of a framework shows it: with the host it was sent to. */
export function toServed(url: string | URL | Request, init?: RequestInit): Request {
  const request = new Request(url, init)
  request.headers.set('host', new URL(request.url).host)
  return request
}

async function grant(
  wallet: Wallet,
  capabilities: readonly Capability[],
  {
    method,
    now,
    principal = 'person-7',
  }: { readonly method: GrantMethod; readonly now: number } & GrantChanges,
): Promise<number> {
  granted += 1
  const payload = createDelegationPayload(
    {
      id: `urn:uuid:00000000-0000-4000-8000-${String(granted).padStart(12, '0')}`,
      issuer: issuer.did,
      subject: wallet.did,
      onBehalfOf: { id: principal },
      capabilities,
      maxDelegationDepth: 1,
      validFrom: now - 1000 + granted,
      validUntil: now + 600_000,
      status: {
        id: `${LIST_URL}#${granted}`,
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex: String(granted),
        statusListCredential: LIST_URL,
      },
      approval: { method, digest: digestSha256('evidence') },
    },
    now,
  )
  await wallet.receive([await signDelegation(payload, { signer: issuer.signer, kid: issuer.kid })])
  return granted
}

/** The code with which something was refused, or `ok`. */
export async function codeOf(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}
