import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import type { AddressRule } from './notices/address-rule.ts'

/** Resolves to every address of a host name; rejects when there is none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

/** Asks the resolver of this machine. */
export const resolveHostHere: ResolveHost = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

/**
 * Whether a connection may go to a host with these addresses. One that it must not go to is enough to refuse: who
 * controls the name chooses which comes first.
 */
export function isAllowed(rule: AddressRule, url: URL, addresses: readonly string[]): boolean {
  return addresses.length > 0 && addresses.every((address) => rule.allows(address, url.protocol))
}

/** Returns every address of the host of a URL; undefined when there is none. */
export async function findAddresses(
  { resolveHost }: { readonly resolveHost: ResolveHost },
  url: URL,
): Promise<readonly string[] | undefined> {
  const host = url.hostname.replaceAll(/^\[|\]$/gu, '')
  if (isIP(host) !== 0) return [host]
  return resolveHost(host).catch(() => undefined)
}

/** Resolves to undefined when the signal comes first. */
export async function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  if (signal.aborted) return undefined
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const stop = (): void => resolve(undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Returns a resolver for one connection: whatever is asked for, the answer is what was checked. */
export function pinTo(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  const [first = { address: '', family: 0 }] = all
  return (_host, { all: wantsAll }, callback) => {
    if (wantsAll === true) callback(null, all)
    else callback(null, first.address, first.family)
  }
}
