import { parseDelegation, verifyHeartbeat } from '@behalf/credential'
import { didKeyIssuerKeys } from '@behalf/verifier'
import { expect } from 'vitest'
import { type CaseGroup, invariantOnce } from '../support/attack-case.ts'
import { ASKED, operator, type RunningAuthority, walletAgent, withAuthority } from '../support/authority.ts'
import { NOW } from '../support/chain.ts'
import { addLines } from '../support/request.ts'
import type { Answer } from '../support/wire.ts'

/** Status list and revocation, where the authority publishes them. */
export const publishing: CaseGroup = {
  name: 'Status list and revocation',
  catalogue: {
    'ST-022': invariantOnce(() => withAuthority(neverReusesIndex)),
    'ST-030': invariantOnce(() =>
      withAuthority(async ({ send, authority, origin }) => {
        const poisoned = [
          ['X-Forwarded-Host', 'evil.test'],
          ['X-Forwarded-Proto', 'https'],
          ['Forwarded', 'host=evil.test'],
        ] as const
        for (const path of ['/status/heartbeat', '/status/lists/1', '/.well-known/behalf-authority']) {
          const plain = await send({ method: 'GET', path })
          const answer = await send({
            method: 'GET',
            path,
            change: (request) => addLines(request, ...poisoned),
          })
          expect(answer.body).toBe(plain.body)
          expect(answer.body).not.toContain('evil.test')
        }
        const options = { issuer: authority.issuerDid, issuers: didKeyIssuerKeys, now: NOW + 10_000 }
        const { lists } = verifyHeartbeat(
          (await send({ method: 'GET', path: '/status/heartbeat' })).body,
          options,
        )
        expect(lists.map(({ id }) => id)).toEqual([
          `${origin}/status/lists/1`,
          `${origin}/status/lists/1/suspension`,
        ])
      }),
    ),
    'ST-036': invariantOnce(() => withAuthority(revokeTwice)),
  },
  own: {},
}

/** Delegations that ended leave their places in the list for good. */
async function neverReusesIndex(running: RunningAuthority): Promise<void> {
  const places: string[] = []
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 8; count += 1) places.push(await issueOne(running))
    running.now += 7_200_000
    await running.authority.issuer.heartbeat()
  }
  expect(new Set(places).size).toBe(places.length)
}

/** The place of a delegation that is asked for, approved and collected. */
async function issueOne({ send, now }: RunningAuthority): Promise<string> {
  const asked = await send({ path: '/delegation-requests', as: walletAgent, body: ASKED })
  const { id, version } = JSON.parse(asked.body)
  expect(
    (await send({ path: `/delegation-requests/${id}/approve`, as: operator, body: { version } })).status,
  ).toBe(200)
  const collected = await send({ path: `/delegation-requests/${id}/collect`, as: walletAgent, body: {} })
  const { status: entry, validUntil } = parseDelegation(JSON.parse(collected.body).delegation)
  expect(validUntil).toBeGreaterThan(now)
  return `${entry.statusListCredential}#${entry.statusListIndex}`
}

/** Two revocations of one delegation at once, and a third, have one effect. */
async function revokeTwice(running: RunningAuthority): Promise<void> {
  const { send } = running
  await issueOne(running)
  const [found] = JSON.parse(
    (await send({ method: 'GET', path: '/delegations', as: operator })).body,
  ).delegations
  const revoke = (): Promise<Answer> =>
    send({ path: '/revocations', as: operator, body: { delegation: found.id } })
  const answers = [...(await Promise.all([revoke(), revoke()])), await revoke()]
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200])
  const { events } = JSON.parse((await send({ method: 'GET', path: '/events', as: operator })).body)
  expect(events.filter(({ type }: { type: string }) => type === 'delegation_revoked')).toHaveLength(1)
}
