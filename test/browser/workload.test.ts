import type { JsonObject } from '@behalf/core'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { approveOn } from './support/approve-on.ts'
import { askFor } from './support/ask-for.ts'
import { listFaults } from './support/list-faults.ts'
import { LOOKS, lookAt } from './support/looks.ts'
import { openPageWorld, type PageWorld } from './support/page-world.ts'
import { claimAs } from './support/people.ts'
import { startBrowser } from './support/start-browser.ts'
import { type Visitor, visit } from './support/visitor.ts'

const CLUSTER = 'https://kubernetes.default.svc.cluster.local'
const BILLING = 'system:serviceaccount:prod:billing'

describeNeeding('browser', 'a person sees where an agent was proven to run', () => {
  let browser: Browser
  let world: PageWorld
  let alice: Visitor
  let prove: (wallet: Wallet) => Promise<void>

  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k' } as JsonObject
    browser = await startBrowser()
    world = await openPageWorld({
      workloadIssuers: [
        {
          type: 'jwt',
          issuer: CLUSTER,
          algorithms: ['ES256'],
          jwks: { keys: [jwk] },
          binding: 'audience',
          claims: { namespace: '/namespace' },
        },
      ],
    })
    prove = async (wallet) => {
      const now = Math.floor(Date.now() / 1000)
      const named = { iss: CLUSTER, sub: BILLING, aud: [`${world.origin}#${wallet.did}`], namespace: 'prod' }
      const payload = new TextEncoder().encode(
        JSON.stringify({ ...named, iat: now, exp: now + 600, jti: '1' }),
      )
      const token = await new CompactSign(payload)
        .setProtectedHeader({ alg: 'ES256', kid: 'k' })
        .sign(privateKey)
      await wallet.authority(world.origin).enrolWorkload({ type: 'jwt', token })
    }
    alice = await visit(browser, world, { belongings: await claimAs(browser, world) })
  })
  afterAll(async () => {
    expect(alice.faults).toEqual([])
    await browser.close()
    await world.end()
  })

  const seeWell = async (): Promise<void> => {
    for (const look of LOOKS) {
      await lookAt(alice.page, look)
      await expect.poll(() => listFaults(alice.page), { timeout: 10_000 }).toEqual([])
    }
  }

  test('of a request and of what came of it: whose word it is, and until when', async () => {
    const wallet = createMemoryWallet()
    await prove(wallet)
    const { path, collect } = await askFor(world, {}, wallet)
    await alice.open(path)
    const { page } = alice
    const fact = page.getByRole('definition').filter({ hasText: BILLING })
    await fact.getByText(`says ${CLUSTER}, until`).waitFor()
    await fact.getByText('namespace: prod').waitFor()
    await seeWell()
    await approveOn(page)
    await collect()
    await alice.open('/active')
    const card = page.getByRole('article')
    await card.getByText(`Runs as ${BILLING}, says ${CLUSTER}, until`).waitFor()
    await card.getByText('namespace: prod').waitFor()
    await seeWell()
  })

  test('and is told of one that proved nothing', async () => {
    const { path } = await askFor(world)
    await alice.open(path)
    await alice.page.getByRole('definition').filter({ hasText: 'It did not prove where it runs' }).waitFor()
    expect(await alice.page.getByText(BILLING).count()).toBe(0)
  })
})
