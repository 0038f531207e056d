import { createMemoryReplayStore, type ReplayStore } from '@behalf/verifier'
import { createParty, type Party, signChain } from './bench-world.ts'
import { createBenchVerifier } from './request-cases.ts'
import type { MemoryResult } from './results.ts'
import { showChain, signRequest } from './signed-requests.ts'
import { createBenchTokenVerifier, makeToken, signTokenRequest } from './token-cases.ts'

// A process of its own measures memory: node --expose-gc measure-memory.ts. It prints the result as JSON.

const CHAINS = 1000
const LINKS = 3
const NONCES = 100_000
const WARM_UP_CHAINS = 300

const forgetful: ReplayStore = { claim: () => true }
const agents = Array.from({ length: LINKS }, () => createParty())

const chains = await measureChains()
const tokens = await measureTokens()
const nonces = measureNonces()
console.log(JSON.stringify({ ...chains, ...tokens, ...nonces } satisfies MemoryResult))

async function measureChains() {
  await verifyNewChains(WARM_UP_CHAINS)
  const before = usedBytes()
  const { verifier, sentBytes } = await verifyNewChains(CHAINS)
  const after = usedBytes()
  // What was verified must still be there while it is weighed.
  if (verifier.requestId() === '') throw new Error('no request id')
  return {
    chains: CHAINS,
    linksPerChain: LINKS,
    bytesPerChainAsSent: Math.round(sentBytes / CHAINS),
    bytesPerCachedChain: Math.round((after.heap - before.heap) / CHAINS),
    residentForChains: after.resident - before.resident,
  }
}

async function verifyNewChains(count: number) {
  const verifier = await createBenchVerifier(forgetful)
  let sentBytes = 0
  for (let index = 0; index < count; index += 1) {
    const { links, agent } = await signChain(agents)
    sentBytes += links.reduce((bytes, link) => bytes + link.length, 0)
    await verifier.verify(await signRequest(agent, showChain(links)))
  }
  return { verifier, sentBytes }
}

async function measureTokens() {
  await verifyNewTokens(WARM_UP_CHAINS)
  const before = usedBytes()
  const { verifier, sentBytes } = await verifyNewTokens(CHAINS)
  const after = usedBytes()
  if (verifier.requestId() === '') throw new Error('no request id')
  return {
    bytesPerTokenAsSent: Math.round(sentBytes / CHAINS),
    bytesPerCachedToken: Math.round((after.heap - before.heap) / CHAINS),
  }
}

async function verifyNewTokens(count: number) {
  const verifier = await createBenchTokenVerifier(forgetful)
  let sentBytes = 0
  for (let index = 0; index < count; index += 1) {
    const held = await makeToken(agents)
    sentBytes += held.token.length
    await verifier.verify(await signTokenRequest(held))
  }
  return { verifier, sentBytes }
}

function measureNonces() {
  const now = Date.now()
  const store = createMemoryReplayStore({ clock: () => now - 60_000, maxEntries: NONCES + 1 })
  const [party = createParty()] = agents
  const before = usedBytes()
  for (let index = 0; index < NONCES; index += 1) claim(store, party, { index, now })
  const bytesForNonces = usedBytes().heap - before.heap
  if (claim(store, party, { index: 0, now })) throw new Error('a nonce was forgotten')
  return { nonces: NONCES, bytesPerNonce: Math.round(bytesForNonces / NONCES), bytesForNonces }
}

function claim(store: ReplayStore, { did }: Party, { index, now }: { index: number; now: number }): unknown {
  const nonce = Buffer.from(index.toString().padStart(16, '0')).toString('base64url')
  return store.claim({ key: did, nonce, created: now, keepUntil: now + 121_000 })
}

function usedBytes(): { heap: number; resident: number } {
  if (globalThis.gc === undefined) throw new Error('run this with --expose-gc')
  for (let pass = 0; pass < 4; pass += 1) globalThis.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}
