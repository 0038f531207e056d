import { createServer } from 'node:http'
import { createMemoryReplayStore, createTokenVerifier, type VerifiedTokenRequest } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { createMemoryWallet } from '@behalf/wallet'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from './support/free-port.ts'
import { openWorld, type World, waitFor } from './support/world.ts'

describe('a real authority, a wallet, and an API that takes tokens', () => {
  let world: World
  let api = ''
  const decided: string[] = []
  const ends: (() => void)[] = []

  beforeAll(async () => {
    world = await openWorld()
    const port = await freePort()
    api = `http://127.0.0.1:${port}`
    const verifier = createTokenVerifier({
      origins: [api],
      audience: api,
      authorities: [{ issuer: world.authority, did: world.issuer }],
      // Running for a while: a new one cannot know what was accepted just before.
      replayStore: createMemoryReplayStore({ clock: () => Date.now() - 60_000 }),
      auditSink: { record: ({ code }) => void decided.push(code) },
      pollSeconds: 0.05,
    })
    const app = new Hono<{ Variables: { behalf: VerifiedTokenRequest } }>()
    app.use('/projects/*', protect(verifier))
    app.all('/projects/*', (c) => {
      const { principal, agent, chain, token } = c.get('behalf')
      return c.json({ principal, agent, agents: chain.links.map(({ subject }) => subject), id: token.id })
    })
    const server = createServer(getRequestListener(app.fetch))
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    ends.push(() => {
      server.close()
      server.closeAllConnections()
    })
  })
  afterAll(async () => {
    for (const end of ends) end()
    await world.end()
  })

  test('a chain of two becomes a token, and the revocation of its root ends it', async () => {
    const [agent, helper] = [createMemoryWallet(), createMemoryWallet()]
    const asking = agent.requestDelegation({
      authority: world.authority,
      onBehalfOf: { id: 'alice' },
      purpose: 'Sort new issues',
      maxDelegationDepth: 1,
      capabilities: [{ type: 'http', locations: [api], actions: ['GET', 'POST'], paths: ['/projects/**'] }],
    })
    const [root] = await Promise.all([asking, world.approveNext()])
    await helper.receive(
      await agent.delegate({
        to: helper.did,
        capabilities: [{ type: 'http', locations: [api], actions: ['GET'], paths: ['/projects/7'] }],
      }),
    )

    const answer = await helper.tokenFetch(`${api}/projects/7?a=1`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      principal: { issuer: world.issuer, id: 'alice' },
      agent: helper.did,
      agents: [agent.did, helper.did],
    })
    const codeOf = async (response: Promise<Response>): Promise<unknown> => {
      const body: unknown = await (await response).json()
      return body !== null && typeof body === 'object' && 'code' in body ? body.code : undefined
    }
    expect(await codeOf(helper.tokenFetch(`${api}/projects/8`))).toBe('scope_exceeded')
    expect(await codeOf(helper.fetch(`${api}/projects/7`))).toBe('header_ambiguous')

    await world.operator.authority(world.authority).revoke({ delegation: root.id })
    // The wallet is refused by the API, and asks for another token, which the authority does not give.
    const refusal = await waitFor(() =>
      helper.tokenFetch(`${api}/projects/7`).then(
        () => undefined,
        (error: unknown) => error,
      ),
    )
    expect(refusal).toMatchObject({ code: 'credential_revoked' })
    expect(decided.at(-1)).toBe('credential_revoked')
  })
})
