import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Authority, type CreateAuthorityOptions, createAuthority } from '@behalf/authority'
import { systemRandomBytes } from '@behalf/core'
import type { HttpCapability } from '@behalf/credential'
import { parsePolicy } from '@behalf/issuer'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { pino } from 'pino'
import { freePort } from '../../support/free-port.ts'
import { oldVerifierFile } from '../../support/old-verifier-file.ts'
import { ROOT } from '../../support/source-files.ts'

/** Terms as an agent asks for them. */
export type Asked = Parameters<ReturnType<Wallet['authority']>['createRequest']>[0]

/** A real authority with the page for people, on this machine. */
export interface PageWorld {
  readonly origin: string
  readonly authority: Authority
  /** An operator with a key. */
  readonly operator: Wallet
  /** Where the first person takes it over. */
  readonly claimUrl: string
  /** What is under this path. */
  url(path: string): string
  end(): Promise<void>
}

// One person decides, but two about payments.
const POLICY = `
permit (principal, action in [Action::"approve-enrolled", Action::"ask-one", Action::"ask-two"], resource);
@reason("Money takes two people.")
forbid (principal, action in [Action::"approve-enrolled", Action::"ask-one"], resource)
when { context has workflow && context.workflow.id == "payments" };
`

const API = 'https://api.example'
export const READ: HttpCapability = {
  type: 'http',
  locations: [API],
  actions: ['GET'],
  paths: ['/projects/ACME/issues/**'],
}
export const COMMENT: HttpCapability = {
  type: 'http',
  locations: [API],
  actions: ['POST'],
  paths: ['/projects/ACME/issues/*/comments'],
  constraints: { body: { text: { maxLength: 500 } } },
}

type PageWorldOptions = Partial<
  Pick<CreateAuthorityOptions, 'clock' | 'oidc' | 'dangerouslyLetLoginApprove' | 'workloadIssuers'>
> & { readonly port?: number }

/** Starts it. Chromium takes passkeys on localhost, never on an address of numbers. */
export async function openPageWorld(options: PageWorldOptions = {}): Promise<PageWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-page-'))
  const { port = await freePort(), ...rest } = options
  const origin = `http://localhost:${port}`
  const operator = createMemoryWallet()
  const authority = await createAuthority({
    databasePath: join(folder, 'authority.sqlite'),
    noncesPath: oldVerifierFile(join(folder, 'nonces.sqlite')),
    issuerSeed: systemRandomBytes(32),
    origin,
    policy: parsePolicy({ id: 'house', files: [{ name: 'house.cedar', text: POLICY }] }),
    operators: [{ did: operator.did, name: 'operator' }],
    log: pino({ level: 'silent' }),
    pollIntervalSeconds: 1,
    page: { folder: join(ROOT, 'apps', 'approval', 'dist') },
    ...rest,
  })
  await authority.listen({ host: '127.0.0.1', port })
  const { claimUrl } = authority
  if (claimUrl === undefined) throw new Error('A fresh authority has a claim URL')
  return {
    origin,
    authority,
    operator,
    claimUrl,
    url: (path) => `${origin}${path}`,
    end: async () => {
      await authority.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** What an agent asks of alice by default: reading and commenting, for half an hour, and to pass it on once. */
export function asked(change: Partial<Asked> = {}): Asked {
  return {
    onBehalfOf: { id: 'alice' },
    capabilities: [READ, COMMENT],
    validForSeconds: 1800,
    maxUses: 100,
    maxDelegationDepth: 1,
    purpose: 'Sort the new issues of ACME and answer the easy ones',
    workflow: { id: 'issue-triage', run: '7' },
    agentName: 'Issue sorter',
    ...change,
  }
}
