import { createUuid, encodeBase64url, encodeUtf8, type JsonObject, systemRandomBytes } from '@behalf/core'
import { createDpopProof, parseCompactJws, signCompactJws } from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { type RunningAuthority, walletAgent, withAuthority } from './authority.ts'

/** The API that the delegation names. */
export const RESOURCE = 'https://api.test'
/** The type of an access token. */
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** What a proof says otherwise than it should. */
export interface ProofChanges {
  readonly header?: JsonObject
  readonly payload?: JsonObject
}

/** An authority that exchanges, and a delegation that was approved there. */
export interface Exchange {
  readonly running: RunningAuthority
  readonly held: HeldDelegation
  /** What an exchange of the delegation says. */
  readonly form: Readonly<Record<string, string>>
  /** A proof for one exchange, with the nonce that the authority gives. */
  readonly prove: (changes?: ProofChanges) => Promise<string>
  /** Asks for a token; proven, unless `proof` is null. */
  readonly ask: (form: ExchangeForm, proof?: string | null) => Promise<Response>
}

/** The parameters of one call, some of them perhaps twice. */
export type ExchangeForm = Readonly<Record<string, string>> | readonly [string, string][]

/** Runs with an authority and an approved delegation of the agent with a wallet. */
export function withExchange<Result>(
  run: (exchange: Exchange) => Promise<Result>,
  asked: { readonly validForSeconds?: number; readonly maxUses?: number } = {},
): Promise<Result> {
  return withAuthority(async (running) => {
    const { origin, wallet, operatorWallet } = running
    const approvals: Promise<unknown>[] = []
    const held = await wallet.requestDelegation({
      authority: origin,
      onBehalfOf: { id: 'person-7' },
      capabilities: [{ type: 'http', locations: [RESOURCE], actions: ['GET'], paths: ['/v1/items'] }],
      purpose: 'Sum up the open items',
      onPending: ({ id }) =>
        void approvals.push(operatorWallet.authority(origin).approve(id, { version: 1 })),
      ...asked,
    })
    await Promise.all(approvals)
    const prove = (changes: ProofChanges = {}): Promise<string> => proveExchange(running, changes)
    return run({
      running,
      held,
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: held.chain.map((link) => `"${link}"`).join(', '),
        subject_token_type: 'urn:behalf:token-type:delegation-chain',
        resource: RESOURCE,
      },
      prove,
      ask: async (form, proof) => askForToken(origin, form, proof === undefined ? await prove() : proof),
    })
  })
}

/** The code with which an answer refuses, `ok` for a token. */
export async function readRefusal(response: Response): Promise<string> {
  const { code }: { code?: unknown } = JSON.parse(await response.text())
  return response.ok ? 'ok' : String(code)
}

async function askForToken(origin: string, form: ExchangeForm, proof: string | null): Promise<Response> {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(proof !== null && { dpop: proof }),
  }
  const entries = Array.isArray(form) ? form : Object.entries(form)
  return fetch(`${origin}/token`, { method: 'POST', headers, body: new URLSearchParams(entries).toString() })
}

async function proveExchange(
  { origin, now }: RunningAuthority,
  { header, payload }: ProofChanges,
): Promise<string> {
  const given = (await fetch(`${origin}/token`, { method: 'POST' })).headers.get('dpop-nonce')
  const honest = await createDpopProof({
    signer: walletAgent.signer,
    method: 'POST',
    url: `${origin}/token`,
    ...(given !== null && { nonce: given }),
    now,
    jti: createUuid(systemRandomBytes),
  })
  if (header === undefined && payload === undefined) return honest
  const parsed = parseCompactJws(honest, { maxBytes: honest.length })
  const changed = { header: { ...parsed.header, ...header }, payload: { ...parsed.payload, ...payload } }
  if (header?.['alg'] === undefined) return signCompactJws({ ...changed, signer: walletAgent.signer })
  return spellUnsigned(changed)
}

/** With the algorithm that the header names, which no key signs with here. */
function spellUnsigned({
  header,
  payload,
}: {
  readonly header: JsonObject
  readonly payload: JsonObject
}): string {
  const parts = [header, payload].map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part))))
  return `${parts.join('.')}.${header['alg'] === 'none' ? '' : encodeBase64url(new Uint8Array(32))}`
}
