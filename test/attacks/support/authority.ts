import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import {
  type Authority,
  type CreateAuthorityOptions,
  createAuthority,
  createNoticeKeys,
} from '@behalf/authority'
import { parsePolicy } from '@behalf/issuer'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { NOW } from './chain.ts'
import { withFolder } from './databases.ts'
import { createParty, issuer, type Party } from './party.ts'
import {
  baseline,
  changeLine,
  dropLines,
  encodeRequest,
  setParam,
  sign,
  type WireRequest,
} from './request.ts'
import { type Answer, exchange } from './wire.ts'

/** Whoever approves. */
export const operator: Party = createParty(0x0e)
/** The seed of an agent that has a wallet. */
const AGENT_BYTE = 0xa9
export const walletAgent: Party = createParty(AGENT_BYTE)

/** What a call to the authority says. */
export interface AuthorityCall {
  readonly method?: string
  readonly path: string
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: unknown
  readonly as?: Party
  /** Changes what was signed, on its way. */
  readonly change?: (request: WireRequest) => WireRequest
}

/** An authority that listens, its clock, and who talks to it. */
export interface RunningAuthority {
  readonly authority: Authority
  /** Another process takes over the same files, under the same origin. */
  readonly restart: () => Promise<void>
  readonly origin: string
  readonly folder: string
  /** Milliseconds; the authority's clock reads it. */
  now: number
  readonly wallet: Wallet
  readonly operatorWallet: Wallet
  /** Signed by a bare key, unless `as` is absent: then nobody signs. */
  readonly send: (call: AuthorityCall) => Promise<Answer>
}

/** A request for a delegation that is in order. */
export const ASKED = {
  on_behalf_of: { id: 'person-7', tenant: 'acme' },
  capabilities: [
    { type: 'http', locations: ['https://api.test'], actions: ['GET', 'POST'], paths: ['/v1/items'] },
  ],
  purpose: 'Sum up the open items',
}

const POLICY = 'permit (principal, action in [Action::"approve-enrolled", Action::"ask-one"], resource);'

/** What a case needs to be different in the authority. */
export type AuthorityChanges = Partial<
  Pick<CreateAuthorityOptions, 'attestation' | 'log' | 'page' | 'statusStreams'>
>

/** Runs with an authority in memory-backed files, one operator and one agent, and ends it. */
export function withAuthority<Result>(
  run: (running: RunningAuthority) => Promise<Result>,
  changes: AuthorityChanges = {},
): Promise<Result> {
  return withFolder(async (folder) => {
    const port = await findPort()
    const origin = `http://localhost:${port}`
    const time = { now: NOW }
    const clock = (): number => time.now
    const start = async (): Promise<Authority> => {
      const started = await createAuthority({
        databasePath: join(folder, 'authority.db'),
        signer: issuer.signer,
        noticeKeys: createNoticeKeys(new Uint8Array(32).fill(7)),
        origin,
        policy: parsePolicy({ id: 'enrolled', files: [{ name: 'p.cedar', text: POLICY }] }),
        operators: [{ did: operator.did, name: 'first operator' }],
        clock,
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
        repeat: () => () => Promise.resolve(),
        ...changes,
      })
      await started.listen({ host: '127.0.0.1', port })
      return started
    }
    let authority = await start()
    time.now = authority.readyAt
    const wait = async (milliseconds: number): Promise<void> => {
      time.now += milliseconds
    }
    try {
      return await run({
        get authority() {
          return authority
        },
        restart: async () => {
          await authority.close()
          authority = await start()
        },
        origin,
        folder,
        get now() {
          return time.now
        },
        set now(now) {
          time.now = now
        },
        wallet: createMemoryWallet({ seed: new Uint8Array(32).fill(AGENT_BYTE), clock, wait }),
        operatorWallet: createMemoryWallet({ seed: new Uint8Array(32).fill(0x0e), clock, wait }),
        send: async (call) =>
          exchange({ port, bytes: encodeRequest(await signCall(call, { origin, now: time.now })) }),
      })
    } finally {
      await authority.close()
    }
  })
}

/** The call as its caller signs it. */
export async function signCall(
  call: AuthorityCall,
  at: { readonly origin: string; readonly now: number },
): Promise<WireRequest> {
  const { method = 'POST', path, body, as, change = (request) => request } = call
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const draft = baseline({
    method,
    target: path,
    origin: at.origin,
    body: text,
    chain: ['unused'],
    created: Math.floor(at.now / 1000),
    ...(as === undefined ? {} : { signer: as }),
  })
  const keyed = changeLine(setParam(draft, 'tag', '"agent-key"'), 'Signature-Key', () =>
    spellKey(draft.signer),
  )
  const signed = await sign(keyed)
  return change(
    as === undefined ? dropLines(signed, 'Signature', 'Signature-Input', 'Signature-Key') : signed,
  )
}

/** An inline key as Signature-Key spells it. */
export function spellKey(party: Party, more = ''): string {
  const x = Buffer.from(party.publicKey).toString('base64url')
  return `sig=hwk;kty="OKP";crv="Ed25519";alg="Ed25519";x="${x}"${more}`
}

async function findPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
