import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BehalfError, decodeHex, encodeBase64url } from '@behalf/core'
import { expect, test } from 'vitest'
import { verifyRegistration } from '../../packages/authority/src/people/verify-registration.ts'
import { createAttestationAuthority } from '../attacks/support/attestation.ts'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

interface VectorFile {
  readonly rp_id: string
  readonly origin: string
  readonly attestation_root: { readonly attestation_ca_cert: string }
  readonly cases: readonly {
    readonly name: string
    readonly registration: Readonly<
      Record<'challenge' | 'credential_id' | 'clientDataJSON' | 'attestationObject', string>
    >
  }[]
}

const spell = (hex: string): string => encodeBase64url(decodeHex(hex))

describeNeeding('vectors', 'WebAuthn Level 3, registrations where attestation is asked for', () => {
  test('with a packed attestation under the root are taken, all else has a code', async () => {
    const codes = new Map(await verdicts([rootOf()]))
    const taken = [...codes].filter(([, code]) => code === 'ok').map(([name]) => name)
    expect(taken).toEqual([
      'Packed Attestation with ES256 Credential',
      'Packed Attestation with RS256 Credential',
    ])
    expect(new Set(codes.values())).toEqual(
      new Set([
        'ok',
        'webauthn_attestation_invalid',
        'webauthn_malformed',
        'webauthn_origin_mismatch',
        'webauthn_user_not_verified',
      ]),
    )
    expect(codes.get('ES256 Credential with Self Attestation')).toBe('webauthn_attestation_invalid')
    expect(codes.get('TPM Attestation with ES256 Credential')).toBe('webauthn_attestation_invalid')
    expect(codes.get('Android Key Attestation with ES256 Credential')).toBe('webauthn_attestation_invalid')
  })

  test('under another root are all refused', async () => {
    const codes = new Map(await verdicts([(await createAttestationAuthority('Another root')).root]))
    expect([...codes.values()]).not.toContain('ok')
    expect(codes.get('Packed Attestation with ES256 Credential')).toBe('webauthn_attestation_invalid')
  })
})

function readFile(): VectorFile {
  return JSON.parse(readFileSync(join(vectorsFolder(), 'webauthn/webauthn_l3_test_vectors.json'), 'utf8'))
}

function rootOf(): string {
  const body = Buffer.from(decodeHex(readFile().attestation_root.attestation_ca_cert)).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----`
}

async function verdicts(roots: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const { rp_id: rpId, origin, cases } = readFile()
  const context = { origin, rpId, clock: () => 0, attestation: { kind: 'direct', roots } } as const
  const verdict = async ({ registration }: VectorFile['cases'][number]): Promise<string> => {
    const id = spell(registration.credential_id)
    const response = {
      clientDataJSON: spell(registration.clientDataJSON),
      attestationObject: spell(registration.attestationObject),
    }
    const answer = { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response }
    try {
      await verifyRegistration(context, { answer, challenge: spell(registration.challenge) })
      return 'ok'
    } catch (error) {
      if (error instanceof BehalfError) return error.code
      throw error
    }
  }
  return Promise.all(cases.map(async (vector) => [vector.name, await verdict(vector)] as const))
}
