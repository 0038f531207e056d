import { createEd25519Signer, systemRandomBytes } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { createStatusSource } from '@behalf/verifier'
import type { PageWorld } from './page-world.ts'

/** What an API of a test is like that follows the stream of its authority. */
export interface FollowOptions {
  /** What it answers for; none when it is not to say which it is. */
  readonly origins?: readonly string[]
  /** Whether its confirmations get lost on the way. */
  readonly isMute?: boolean
}

/** Where to end it. */
export interface FollowingApi {
  close(): void
}

/** An API that an operator registered follows the stream, as far as the authority knows already. */
export async function followAs(
  { origin, authority, operator }: Pick<PageWorld, 'origin' | 'authority' | 'operator'>,
  { origins = [], isMute = false }: FollowOptions,
): Promise<FollowingApi> {
  const client = operator.authority(origin)
  const signer = createEd25519Signer(systemRandomBytes(32))
  const did = encodeDidKey(signer.publicKey)
  if (origins.length > 0) await client.registerApi({ did, origins })
  const before = await client.countConfirmations(0)
  const source = createStatusSource({
    issuers: [{ did: authority.issuerDid, url: `${origin}/status/heartbeat` }],
    stream: true,
    fetch: async (url, init) =>
      isMute && url.endsWith('/status/confirmations') ? Response.error() : fetch(url, init),
    ...(origins.length > 0 && { signer }),
  })
  await source.ready()
  for (;;) {
    const { unproven, apis } = await client.countConfirmations(0)
    const isCounted =
      origins.length > 0
        ? apis.some((api) => api.did === did)
        : unproven.connected > before.unproven.connected
    if (isCounted) return source
  }
}
