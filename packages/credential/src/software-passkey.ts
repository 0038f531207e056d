import {
  concatBytes,
  createEd25519Signer,
  decodeHex,
  encodeBase64url,
  encodeEd25519CoseKey,
  encodeUtf8,
  type RandomBytes,
  type Signer,
  sha256,
} from '@behalf/core'
import { SOFTWARE_PASSKEY_AAGUID } from './software-passkey-aaguid.ts'

/** The members of PublicKeyCredentialCreationOptionsJSON that a software passkey looks at. */
export interface PasskeyCreationOptions {
  /** base64url */
  readonly challenge: string
  readonly rp: { readonly id?: string | undefined }
  readonly user: { readonly id: string }
  readonly pubKeyCredParams: readonly { readonly alg: number }[]
}

/** The members of PublicKeyCredentialRequestOptionsJSON that a software passkey looks at. */
export interface PasskeyRequestOptions {
  /** base64url */
  readonly challenge: string
  readonly rpId?: string | undefined
  readonly allowCredentials?: readonly { readonly id: string }[] | undefined
}

/** RegistrationResponseJSON. @see WebAuthn Level 3 section 5.1.8 */
export interface PasskeyRegistration {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly authenticatorAttachment: 'platform'
  readonly clientExtensionResults: Record<string, never>
  readonly response: {
    readonly clientDataJSON: string
    readonly attestationObject: string
    readonly transports: 'internal'[]
  }
}

/** AuthenticationResponseJSON. @see WebAuthn Level 3 section 5.1.8 */
export interface PasskeyAuthentication {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly authenticatorAttachment: 'platform'
  readonly clientExtensionResults: Record<string, never>
  readonly response: {
    readonly clientDataJSON: string
    readonly authenticatorData: string
    readonly signature: string
    readonly userHandle?: string
  }
}

/** A program that answers as browser and authenticator would, with one passkey, and says that it is a program. */
export interface SoftwarePasskey {
  /** Credential ID, base64url. */
  readonly id: string
  /** COSE_Key, base64url. */
  readonly publicKey: string
  /** What `navigator.credentials.create` would give: attestation `none`, {@link SOFTWARE_PASSKEY_AAGUID}. */
  register(options: PasskeyCreationOptions): Promise<PasskeyRegistration>
  /** What `navigator.credentials.get` would give. */
  authenticate(options: PasskeyRequestOptions): Promise<PasskeyAuthentication>
}

/** What a software passkey is made of. */
export interface CreateSoftwarePasskeyOptions {
  /** The page it pretends to be on, such as `https://authority.example`. */
  readonly origin: string
  readonly random: RandomBytes
}

const EDDSA = -8
const ID_BYTES = 32
// UP, UV, BE, BS: present and verified, as a program says; and it can be copied, as it must say.
const FLAGS = 0x1d
const ATTESTED = 0x40
const COUNTER = new Uint8Array(4)
// {"fmt": "none", "attStmt": {}, "authData": h'…'}, whose length of at most 255 bytes follows.
const ATTESTATION_HEAD = 'a363666d74646e6f6e656761747453746d74a0686175746844617461' + '58'

/**
 * Creates a software passkey: real WebAuthn structures around an Ed25519 key that is not in an authenticator, for
 * tests and demonstrations. Whoever checks its registration sees {@link SOFTWARE_PASSKEY_AAGUID}, and what it approves
 * is `software-passkey`, which proves no person.
 * @see WebAuthn Level 3 sections 5.1.3, 5.1.4 and 6.3
 * @example
 * const passkey = createSoftwarePasskey({ origin: 'https://authority.example', random: systemRandomBytes })
 */
export function createSoftwarePasskey(options: CreateSoftwarePasskeyOptions): SoftwarePasskey {
  const { origin, random } = options
  const signer = createEd25519Signer(random(32))
  const credentialId = random(ID_BYTES)
  const id = encodeBase64url(credentialId)
  const coseKey = encodeEd25519CoseKey(signer.publicKey)
  const rpId = new URL(origin).hostname
  const common = { id, rawId: id, type: 'public-key', authenticatorAttachment: 'platform' } as const
  let userHandle: string | undefined
  return {
    id,
    publicKey: encodeBase64url(coseKey),
    async register({ challenge, rp, user, pubKeyCredParams }) {
      if (!pubKeyCredParams.some(({ alg }) => alg === EDDSA)) {
        throw new TypeError('A software passkey signs with EdDSA (-8), which the options do not allow')
      }
      const attested = concatBytes(aaguid(), new Uint8Array([0, ID_BYTES]), credentialId, coseKey)
      const authData = concatBytes(authenticatorData(rp.id ?? rpId, FLAGS | ATTESTED), attested)
      userHandle = user.id
      return {
        ...common,
        clientExtensionResults: {},
        response: {
          clientDataJSON: encodeBase64url(clientData('webauthn.create', challenge, origin)),
          attestationObject: encodeBase64url(attestationObject(authData)),
          transports: ['internal'],
        },
      }
    },
    async authenticate({ challenge, rpId: asked, allowCredentials = [] }) {
      if (allowCredentials.length > 0 && !allowCredentials.some((allowed) => allowed.id === id)) {
        throw new TypeError('The options do not allow this passkey')
      }
      const authData = authenticatorData(asked ?? rpId, FLAGS)
      const clientDataJson = clientData('webauthn.get', challenge, origin)
      const signature = await sign(signer, authData, clientDataJson)
      return {
        ...common,
        clientExtensionResults: {},
        response: {
          clientDataJSON: encodeBase64url(clientDataJson),
          authenticatorData: encodeBase64url(authData),
          signature: encodeBase64url(signature),
          ...(userHandle === undefined ? {} : { userHandle }),
        },
      }
    },
  }
}

async function sign(signer: Signer, authData: Uint8Array, clientDataJson: Uint8Array): Promise<Uint8Array> {
  return signer.sign(concatBytes(authData, sha256(clientDataJson)))
}

/** @see WebAuthn Level 3 section 5.8.1.1 */
function clientData(type: string, challenge: string, origin: string): Uint8Array {
  return encodeUtf8(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
}

function authenticatorData(rpId: string, flags: number): Uint8Array {
  return concatBytes(sha256(encodeUtf8(rpId)), new Uint8Array([flags]), COUNTER)
}

function attestationObject(authData: Uint8Array): Uint8Array {
  return concatBytes(decodeHex(ATTESTATION_HEAD), new Uint8Array([authData.length]), authData)
}

function aaguid(): Uint8Array {
  return decodeHex(SOFTWARE_PASSKEY_AAGUID.replaceAll('-', ''))
}
