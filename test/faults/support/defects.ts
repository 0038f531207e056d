import { encodeUtf8 } from '@behalf/core'
import {
  baseline,
  changeLine,
  encodeRequest,
  freshNonce,
  sign,
  type WireRequest,
} from '../../attacks/support/request.ts'

/** What every defective request of a load is: bytes, and the code that must come back. */
export interface Defect {
  readonly code: string
  create(now: number): Promise<WireRequest>
}

const seconds = (now: number): number => Math.floor(now / 1000)

async function honest(now: number, changes: Parameters<typeof baseline>[0] = {}): Promise<WireRequest> {
  return sign(baseline({ created: seconds(now), ...changes }))
}

/**
 * One defect after the other.
 *
 * @param revoked a chain that is revoked
 */
export function createDefects(revoked: readonly string[]): readonly Defect[] {
  return [
    {
      code: 'signature_invalid',
      create: async (now) =>
        changeLine(await honest(now), 'Signature', (value) => value.replace(/:.{4}/, ':AAAA')),
    },
    {
      code: 'digest_mismatch',
      create: async (now) => ({ ...(await honest(now)), body: encodeUtf8('{"x":2}') }),
    },
    {
      code: 'signature_expired',
      create: (now) => honest(now, { created: seconds(now) - 300, expires: seconds(now) - 60 }),
    },
    { code: 'signature_not_yet_valid', create: (now) => honest(now, { created: seconds(now) + 60 }) },
    { code: 'scope_exceeded', create: (now) => honest(now, { target: '/v1/other' }) },
    { code: 'target_mismatch', create: (now) => honest(now, { host: 'other.test' }) },
    { code: 'nonce_invalid', create: (now) => honest(now, { nonce: 'short' }) },
    { code: 'credential_revoked', create: (now) => honest(now, { chain: revoked, nonce: freshNonce() }) },
  ]
}

/** An honest request as bytes. */
export async function createHonest(now: number, chain: readonly string[]): Promise<Uint8Array> {
  return encodeRequest(await honest(now, { chain }))
}
