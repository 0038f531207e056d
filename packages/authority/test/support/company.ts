import { createServer } from 'node:http'
import { type Configuration, Provider } from 'oidc-provider'
import type { OidcOptions } from '../../src/index.ts'
import { whenDone } from './authority-world.ts'

/** Somebody at the company. */
export interface Employee {
  readonly sub: string
  readonly preferred_username: string
  readonly name?: string
  readonly groups?: unknown
}

/** A real provider on another site (127.0.0.1 is another than localhost), where one signs in by saying who one is. */
export interface Company {
  readonly issuer: string
  readonly options: OidcOptions
  /** What the provider will say of whoever signs in next. */
  employee: Employee
  readonly stop: () => Promise<void>
}

export const CLIENT = { clientId: 'behalf', clientSecret: 'a secret of more than thirty-two bytes' }
export const ID_TOKEN_SECONDS = 600

/**
 * @param origin - of the authority that is its client
 * @param options.asks - shows a page with a button before it signs anybody in; without it whoever comes is signed in
 */
export async function startCompany(
  origin: string,
  port: number,
  { asks = false }: { readonly asks?: boolean } = {},
): Promise<Company> {
  const issuer = `http://127.0.0.1:${port}`
  const company = { employee: { sub: 'u-1', preferred_username: 'carol', groups: ['deciders'] } as Employee }
  const provider = new Provider(issuer, configure(company, origin))
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', issuer)
    if (!pathname.startsWith('/interaction/')) return void provider.callback()(request, response)
    if (asks && request.method === 'GET') return askWho(company, response)
    void signIn(provider, company, { request, response })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  whenDone(stop)
  return Object.assign(company, {
    issuer,
    stop,
    options: {
      issuer,
      ...CLIENT,
      principalClaim: 'preferred_username',
      roles: { deciders: 'approver', admins: 'operator', watchers: 'auditor' } as const,
    },
  })
}

function configure(company: { readonly employee: Employee }, origin: string): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [`${origin}/api/oidc/callback`],
      },
    ],
    claims: { openid: ['sub', 'name', 'preferred_username', 'groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['for tests'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    ttl: {
      IdToken: ID_TOKEN_SECONDS,
      AccessToken: 60,
      AuthorizationCode: 600,
      Grant: 600,
      Interaction: 600,
      Session: 600,
    },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ ...company.employee, sub: id }) }),
    loadExistingGrant: async (context) => {
      const { client, session } = context.oidc
      if (!client || !session?.accountId) return undefined
      const grant = new context.oidc.provider.Grant({
        clientId: client.clientId,
        accountId: session.accountId,
      })
      grant.addOIDCScope('openid')
      await grant.save()
      return grant
    },
  }
}

type Exchange = {
  readonly [Side in 'request' | 'response']: Parameters<
    Provider['interactionFinished']
  >[Side extends 'request' ? 0 : 1]
}

function askWho({ employee }: { readonly employee: Employee }, response: Exchange['response']): void {
  const form = `<form method="post"><button>Sign in as ${employee.preferred_username}</button></form>`
  response.setHeader('Content-Type', 'text/html')
  response.end(`<!doctype html><html lang="en"><title>The company</title><h1>The company</h1>${form}`)
}

async function signIn(
  provider: Provider,
  { employee }: { readonly employee: Employee },
  { request, response }: Exchange,
): Promise<void> {
  if (employee.sub === '') {
    const refusal = { error: 'access_denied', error_description: 'no\nadmin signed in \u001b[31m' }
    await provider.interactionFinished(request, response, refusal)
    return
  }
  await provider.interactionFinished(request, response, { login: { accountId: employee.sub } })
}
