import { concatBytes, encodeBase64url, encodeUtf8, isJsonObject, type JsonObject, sha256 } from '@behalf/core'

/** What a ceremony's options say that an authenticator heeds. */
export interface CeremonyOptions extends JsonObject {
  readonly challenge: string
}

/** What may be wrong about an answer. */
export interface PasskeyFaults {
  readonly type?: string
  readonly challenge?: string
  readonly origin?: string
  readonly crossOrigin?: boolean
  readonly topOrigin?: string
  readonly rpId?: string
  readonly userPresent?: boolean
  readonly userVerified?: boolean
  /** Default: one more than before, or 0 always for an authenticator without a counter. */
  readonly counter?: number
  readonly userHandle?: string
  /** Changes what was signed, on its way. */
  readonly changeAuthenticatorData?: (bytes: Uint8Array) => Uint8Array
  readonly changeClientData?: (text: string) => string
  readonly changeSignature?: (bytes: Uint8Array) => Uint8Array
  readonly changeAnswer?: (answer: JsonObject) => JsonObject
  /** The attestation; default: none. */
  readonly attest?: (
    facts: AttestedFacts,
  ) => Promise<{ readonly format: string; readonly statement: Uint8Array }>
  /** Default: the passkey's own, a COSE_Key. */
  readonly publicKey?: Uint8Array
  readonly changeAttestation?: (bytes: Uint8Array) => Uint8Array
}

/** What an attestation is signed over. */
export interface AttestedFacts {
  readonly authenticatorData: Uint8Array
  readonly clientDataHash: Uint8Array
  /** By the passkey itself, ASN.1. */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>
}

/** An authenticator in software with one passkey, for tests: it does what it is told, also what no device would. */
export interface TestPasskey {
  /** Credential id in base64url. */
  readonly id: string
  /** A `RegistrationResponseJSON`. */
  register(options: CeremonyOptions, faults?: PasskeyFaults): Promise<JsonObject>
  /** An `AuthenticationResponseJSON`. */
  assert(options: CeremonyOptions, faults?: PasskeyFaults): Promise<JsonObject>
}

/** How the authenticator is made. */
export interface TestPasskeyOptions {
  readonly origin: string
  readonly hasCounter?: boolean
  readonly backedUp?: boolean
  /** 16 bytes. */
  readonly aaguid?: Uint8Array
  readonly credentialId?: Uint8Array
}

const ES256 = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const

export async function createTestPasskey(options: TestPasskeyOptions): Promise<TestPasskey> {
  const keys = await crypto.subtle.generateKey(ES256, false, ['sign', 'verify'])
  const rawPublic = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey))
  const credentialId = options.credentialId ?? crypto.getRandomValues(new Uint8Array(16))
  const id = encodeBase64url(credentialId)
  const sign = async (data: Uint8Array): Promise<Uint8Array> =>
    toAsn1(new Uint8Array(await crypto.subtle.sign(SIGNING, keys.privateKey, Uint8Array.from(data))))
  let counter = 0
  let userHandle: string | undefined
  const headOf = (faults: PasskeyFaults, more: number): Uint8Array => {
    if (options.hasCounter) counter = faults.counter ?? counter + 1
    const { userPresent = true, userVerified = true, rpId = new URL(options.origin).hostname } = faults
    const flags = (userPresent ? 1 : 0) | (userVerified ? 4 : 0) | (options.backedUp ? 0x18 : 0) | more
    return concatBytes(sha256(encodeUtf8(rpId)), Uint8Array.of(flags), uint32(faults.counter ?? counter))
  }
  return {
    id,
    register: async (ceremony, faults = {}) => {
      const { user } = ceremony
      if (isJsonObject(user) && typeof user['id'] === 'string') userHandle = user['id']
      const clientData = clientDataOf('webauthn.create', ceremony, {
        ...faults,
        origin: faults.origin ?? options.origin,
      })
      const authenticatorData = concatBytes(
        headOf(faults, 0x40),
        options.aaguid ?? new Uint8Array(16),
        uint16(credentialId.length),
        credentialId,
        faults.publicKey ?? coseKey(rawPublic),
      )
      const facts = { authenticatorData, clientDataHash: sha256(clientData), sign }
      const { format, statement } = (await faults.attest?.(facts)) ?? {
        format: 'none',
        statement: Uint8Array.of(0xa0),
      }
      const attestation = attestationObject(
        format,
        statement,
        (faults.changeAuthenticatorData ?? same)(authenticatorData),
      )
      return finish(id, faults, {
        clientDataJSON: encodeBase64url(clientData),
        attestationObject: encodeBase64url((faults.changeAttestation ?? same)(attestation)),
        transports: ['internal'],
      })
    },
    assert: async (ceremony, faults = {}) => {
      const clientData = clientDataOf('webauthn.get', ceremony, {
        ...faults,
        origin: faults.origin ?? options.origin,
      })
      const authenticatorData = headOf(faults, 0)
      const signature = await sign(concatBytes(authenticatorData, sha256(clientData)))
      const handle = faults.userHandle ?? userHandle
      return finish(id, faults, {
        clientDataJSON: encodeBase64url(clientData),
        authenticatorData: encodeBase64url((faults.changeAuthenticatorData ?? same)(authenticatorData)),
        signature: encodeBase64url((faults.changeSignature ?? same)(signature)),
        ...(handle !== undefined && { userHandle: handle }),
      })
    },
  }
}

function same(bytes: Uint8Array): Uint8Array {
  return bytes
}

function finish(id: string, faults: PasskeyFaults, response: JsonObject): JsonObject {
  const answer = { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response }
  return faults.changeAnswer?.(answer) ?? answer
}

function clientDataOf(type: string, { challenge }: CeremonyOptions, faults: PasskeyFaults): Uint8Array {
  const { crossOrigin = false, topOrigin, origin } = faults
  const text = JSON.stringify({
    type: faults.type ?? type,
    challenge: faults.challenge ?? challenge,
    origin,
    crossOrigin,
    ...(topOrigin !== undefined && { topOrigin }),
  })
  return encodeUtf8(faults.changeClientData?.(text) ?? text)
}

/** `{ 1: 2, 3: -7, -1: 1, -2: x, -3: y }`. @see RFC 9053 section 7.1.1 */
function coseKey(raw: Uint8Array): Uint8Array {
  const head = Uint8Array.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
  return concatBytes(head, raw.subarray(1, 33), Uint8Array.of(0x22, 0x58, 0x20), raw.subarray(33, 65))
}

function attestationObject(format: string, statement: Uint8Array, authenticatorData: Uint8Array): Uint8Array {
  return concatBytes(
    Uint8Array.of(0xa3),
    cborText('fmt'),
    cborText(format),
    cborText('attStmt'),
    statement,
    cborText('authData'),
    cborBytes(authenticatorData),
  )
}

export function cborText(text: string): Uint8Array {
  return concatBytes(Uint8Array.of(0x60 + text.length), encodeUtf8(text))
}

export function cborBytes(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x59), uint16(bytes.length), bytes)
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}

function uint32(value: number): Uint8Array {
  return concatBytes(uint16(Math.floor(value / 65_536)), uint16(value % 65_536))
}

/** An ECDSA signature as authenticators spell it. @see RFC 3279 section 2.2.3 */
export function toAsn1(signature: Uint8Array): Uint8Array {
  const body = concatBytes(asn1Integer(signature.subarray(0, 32)), asn1Integer(signature.subarray(32)))
  return concatBytes(Uint8Array.of(0x30, body.length), body)
}

function asn1Integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  const trimmed = bytes.subarray(first)
  const padded = (trimmed[0] ?? 0) >= 0x80 ? concatBytes(Uint8Array.of(0), trimmed) : trimmed
  return concatBytes(Uint8Array.of(0x02, padded.length), padded)
}
