import 'reflect-metadata'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:https'
import {
  concatBytes,
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  parseJson,
} from '@behalf/core'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'
import { whenDone } from './authority-world.ts'

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const ECDH = { name: 'ECDH', namedCurve: 'P-256' } as const
const VALID = { notBefore: new Date('2020-01-01'), notAfter: new Date('2049-01-01') }
const DAY_SECONDS = 86_400

/** A message as the browser that it is for reads it. */
export interface PushedMessage {
  readonly json: JsonObject
  readonly headers: IncomingHttpHeaders
  /** What the sender says about itself, verified. */
  readonly claims: JsonObject
}

/** What a browser subscribes with. */
export interface PushedTo {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

/** A push service on this machine, of this test alone, and the browsers behind it. */
export interface SimulatedPushService {
  readonly host: string
  /** PEM of the certificate that it is known by. */
  readonly root: string
  readonly received: PushedMessage[]
  /** What was wrong with what came. */
  readonly faults: unknown[]
  /** How it answers from now on; default 201. */
  status: number
  /** A browser subscribes, for the holder of this key alone. */
  readonly subscribe: (applicationServerKey: string) => Promise<PushedTo>
}

interface Browser {
  readonly keys: CryptoKeyPair
  readonly publicKey: Uint8Array
  readonly auth: Uint8Array
  readonly serverKey: string
}

/** Starts one at `https://push.test`, which resolves nowhere. */
export async function openSimulatedPushService(): Promise<SimulatedPushService> {
  const { key, certificate } = await certify('push.test')
  const browsers = new Map<string, Browser>()
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const browser = browsers.get(request.url ?? '')
      const message = { headers: request.headers, body: new Uint8Array(Buffer.concat(chunks)) }
      try {
        if (browser) service.received.push(await readMessage(browser, message, origin))
      } catch (fault) {
        service.faults.push(fault)
      }
      response.writeHead(service.status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  whenDone(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `https://push.test:${address.port}`
  const service: SimulatedPushService = {
    host: 'push.test',
    root: certificate,
    received: [],
    faults: [],
    status: 201,
    subscribe: async (serverKey) => {
      const keys = await crypto.subtle.generateKey(ECDH, true, ['deriveBits'])
      const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey))
      const auth = crypto.getRandomValues(new Uint8Array(16))
      const path = `/send/${browsers.size}`
      browsers.set(path, { keys, publicKey, auth, serverKey })
      const encoded = { p256dh: encodeBase64url(publicKey), auth: encodeBase64url(auth) }
      return { endpoint: `${origin}${path}`, keys: encoded }
    },
  }
  return service
}

interface Message {
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

async function readMessage(
  browser: Browser,
  { headers, body }: Message,
  origin: string,
): Promise<PushedMessage> {
  const claims = await verifySender(headers.authorization ?? '', { serverKey: browser.serverKey, origin })
  if (headers['content-encoding'] !== 'aes128gcm') throw new Error('not as RFC 8291 encodes it')
  const json = parseJson(await decrypt(browser, body))
  if (!isJsonObject(json)) throw new Error('not JSON')
  return { json, headers, claims }
}

/** @see RFC 8292 sections 2 and 3 */
async function verifySender(
  authorization: string,
  expected: { readonly serverKey: string; readonly origin: string },
): Promise<JsonObject> {
  const [, jwt = '', key = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/u.exec(authorization) ?? []
  if (key !== expected.serverKey) throw new Error('another sender than the one that was subscribed for')
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  const publicKey = await crypto.subtle.importKey('raw', decodeBase64url(key).slice(), ES256, false, [
    'verify',
  ])
  const signed = encodeUtf8(`${header}.${payload}`).slice()
  if (!(await crypto.subtle.verify(ES256, publicKey, decodeBase64url(signature).slice(), signed))) {
    throw new Error('not signed by the sender')
  }
  const { alg } = parseJson(decodeBase64url(header)) as JsonObject
  const claims = parseJson(decodeBase64url(payload)) as JsonObject
  const seconds = Date.now() / 1000
  const end = Number(claims['exp'])
  if (alg !== 'ES256' || claims['aud'] !== expected.origin) throw new Error('not for this push service')
  if (!(end > seconds && end <= seconds + DAY_SECONDS)) throw new Error('not for these 24 hours')
  return claims
}

/** @see RFC 8291 section 3.4, RFC 8188 section 2.1 */
async function decrypt({ keys, publicKey, auth }: Browser, body: Uint8Array): Promise<Uint8Array> {
  const salt = body.slice(0, 16)
  const [length = 0] = body.slice(20, 21)
  const sender = body.slice(21, 21 + length)
  const theirs = await crypto.subtle.importKey('raw', sender, ECDH, false, [])
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, keys.privateKey, 256)
  const info = concatBytes(encodeUtf8('WebPush: info\0'), publicKey, sender)
  const secret = await hkdf({ salt: auth, secret: new Uint8Array(shared), info, length: 32 })
  const derive = (name: string, bytes: number): Promise<Uint8Array> =>
    hkdf({ salt, secret, info: encodeUtf8(`Content-Encoding: ${name}\0`), length: bytes })
  const key = await crypto.subtle.importKey(
    'raw',
    (await derive('aes128gcm', 16)).slice(),
    'AES-GCM',
    false,
    ['decrypt'],
  )
  const iv = (await derive('nonce', 12)).slice()
  const padded = new Uint8Array(
    await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, body.slice(21 + length)),
  )
  const end = padded.findLastIndex((byte) => byte !== 0)
  if (padded[end] !== 2) throw new Error('not the last record')
  return padded.slice(0, end)
}

async function hkdf(input: {
  readonly salt: Uint8Array
  readonly secret: Uint8Array
  readonly info: Uint8Array
  readonly length: number
}): Promise<Uint8Array> {
  const { salt, secret, info, length } = input
  const key = await crypto.subtle.importKey('raw', secret.slice(), 'HKDF', false, ['deriveBits'])
  const how = { name: 'HKDF', hash: 'SHA-256', salt: salt.slice(), info: info.slice() }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8))
}

async function certify(host: string): Promise<{ readonly key: string; readonly certificate: string }> {
  const keys = await crypto.subtle.generateKey(ES256, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...VALID,
    serialNumber: '01',
    name: `CN=${host}`,
    keys,
    signingAlgorithm: ES256,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  })
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  const key = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(pkcs8).toString('base64')}\n-----END PRIVATE KEY-----\n`
  return { key, certificate: certificate.toString('pem') }
}
