import {
  BehalfError,
  CoreError,
  canonicalizeJson,
  decodeBase64,
  decodeBase64url,
  encodeBase64,
  encodeBase64url,
  isJsonObject,
  parseEd25519Jwk,
  parseJson,
} from '@behalf/core'
import {
  CredentialError,
  parseCapabilities,
  parseDelegation,
  serializeCapabilities,
  verifyHeartbeat,
  verifyStatusList,
} from '@behalf/credential'
import { DidError, decodeDidKeyUrl, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import {
  HttpSignatureError,
  parseAcceptSignature,
  parseDictionary,
  parseItem,
  parseList,
  parseSignatureError,
  parseSignatureKey,
  parseStringList,
  serializeDictionary,
  serializeItem,
  serializeList,
  serializeSignatureKey,
  verifyContentDigest,
} from '@behalf/http-signature'
import { didKeyIssuerKeys } from '@behalf/verifier'
import { issuer } from './parties.ts'
import { digestOf } from './sign.ts'
import { NOW, type Publication } from './status.ts'
import { must } from './violation.ts'

/** Reads a text, and checks what having read it implies. */
interface Parser {
  /** The only class of error that may come out. */
  readonly error: abstract new (
    ...args: never[]
  ) => BehalfError
  /** The only codes that may come out, where there are few. */
  readonly codes?: readonly string[]
  readonly read: (text: string, publication: Publication) => void
}

const BODY = new Uint8Array(Buffer.from('{"x":1}'))
/** As much as the library accepts, without its types. */
const options = { issuer: issuer.did, issuers: didKeyIssuerKeys, now: NOW }

/** The same spelling comes out of what was read and of that spelling read again. */
function isStable(spell: (text: string) => string): (text: string) => void {
  return (text) => {
    const spelled = spell(text)
    must(spell(spelled) === spelled, 'a value changes when it is spelled and read again')
  }
}

/** The parsers by name. What they get are characters that are bytes. */
export const PARSERS: Readonly<Record<string, Parser>> = {
  dictionary: {
    error: HttpSignatureError,
    read: isStable((text) => serializeDictionary(parseDictionary(text).members)),
  },
  list: { error: HttpSignatureError, read: isStable((text) => serializeList(parseList(text).members)) },
  item: { error: HttpSignatureError, read: isStable((text) => serializeItem(parseItem(text).item)) },
  signatureKey: {
    error: HttpSignatureError,
    read: isStable((text) => {
      const [label = ''] = text.trimStart().split(/[=;, \t]/, 1)
      return serializeSignatureKey(label, parseSignatureKey([['Signature-Key', text]], label))
    }),
  },
  stringList: {
    error: HttpSignatureError,
    read: (text) => void parseStringList([['Delegation-Chain', text]], 'delegation-chain'),
  },
  acceptSignature: { error: HttpSignatureError, read: (text) => void parseAcceptSignature(text) },
  signatureError: { error: HttpSignatureError, read: (text) => void parseSignatureError(text) },
  contentDigest: {
    error: HttpSignatureError,
    read: (text) => {
      verifyContentDigest([['Content-Digest', text]], BODY)
      const right = [digestOf(BODY), digestOf(BODY, 'sha512')]
      must(
        right.some((digest) => text.includes(digest)),
        'accepted a digest of something else',
      )
    },
  },
  json: { error: CoreError, read: readJson },
  jsonBytes: {
    error: CoreError,
    read: (text) => void parseJson(new Uint8Array(Buffer.from(text, 'latin1'))),
  },
  jwk: { error: CoreError, read: (text) => void parseEd25519Jwk(parseJson(text)) },
  base64url: {
    error: CoreError,
    codes: ['encoding_malformed'],
    read: (text) => must(encodeBase64url(decodeBase64url(text)) === text, 'accepted a second spelling'),
  },
  base64: {
    error: CoreError,
    codes: ['encoding_malformed'],
    read: (text) => must(encodeBase64(decodeBase64(text)) === text, 'accepted a second spelling'),
  },
  didUrl: {
    error: DidError,
    read: (text) => {
      const { publicKey } = decodeDidKeyUrl(text)
      must(encodeDidKeyUrl(encodeDidKey(publicKey)) === text, 'accepted a second spelling')
    },
  },
  delegation: {
    error: CredentialError,
    read: (text) => must(parseDelegation(text).jws === text, 'returned another text'),
  },
  capabilities: {
    error: BehalfError,
    read: (text) => {
      const spell = (value: string): string =>
        canonicalizeJson(serializeCapabilities(parseCapabilities(parseJson(value))))
      isStable(spell)(text)
    },
  },
  heartbeat: {
    error: CredentialError,
    codes: ['status_invalid'],
    read: (text, { heartbeat }) => {
      verifyHeartbeat(text, options)
      must(text === heartbeat, 'accepted a heartbeat that nobody signed')
    },
  },
  statusList: {
    error: CredentialError,
    codes: ['status_invalid'],
    read: (text, { lists }) => {
      const [[id, jws] = ['', '']] = lists
      verifyStatusList(text, { ...options, id })
      must(text === jws, 'accepted a list that nobody signed')
    },
  },
}

/** What we read, `JSON.parse` reads too, and it means the same. */
function readJson(text: string): void {
  const value = parseJson(text)
  const spelled = canonicalizeJson(value)
  must(spelled === canonicalizeJson(JSON.parse(text)), 'read another value than JSON.parse')
  must(canonicalizeJson(parseJson(spelled)) === spelled, 'a value changes when it is spelled and read again')
  must(!isJsonObject(value) || Object.getPrototypeOf(value) === null, 'an object has a prototype')
}
