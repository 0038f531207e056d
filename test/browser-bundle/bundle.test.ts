import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, decodeHex, encodeBase64url, type JsonObject } from '@behalf/core'
import { createBitstring, signStatusList, writeBit } from '@behalf/credential'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeEcdsaSignature } from '../../packages/core/src/ecdsa-signature.ts'
import { issuer, MINUTE, NOW } from '../../packages/credential/test/support/actors.ts'
import { approveRoot, PRINCIPAL } from '../../packages/credential/test/support/approvals.ts'
import { LIST_URL } from '../../packages/credential/test/support/delegations.ts'

const HIDE_NODE = join(import.meta.dirname, '../../packages/core/test/support/hide-node.ts')
const folder = mkdtempSync(join(tmpdir(), 'behalf-bundle-'))
let chunk: Rolldown.OutputChunk

beforeAll(async () => {
  chunk = await bundle(join(import.meta.dirname, 'verify-here.ts'))
})

afterAll(() => rmSync(folder, { recursive: true }))

test('what verifies for people bundles for browsers without a module of Node.js', () => {
  expect([chunk.imports, chunk.dynamicImports]).toEqual([[], []])
  expect(chunk.code).not.toMatch(/__vite-browser-external|\bfrom\s*["']node:|\brequire\(/u)
})

test('and verifies chain, status list, evidence and passkeys in a runtime that is not Node.js', async () => {
  const { evidence, delegation } = await approveRoot()
  const given = {
    chain: [delegation.jws],
    list: await signList(),
    listUrl: LIST_URL,
    issuer: issuer.did,
    now: NOW,
    evidence,
    cose: await signWithPasskey(),
  }
  expect(run(given)).toEqual({
    leaf: delegation.id,
    revoked: [false, true, false],
    sentences: evidence.approved.sentences[0],
    approvals: [PRINCIPAL],
    signature: true,
  })
})

/** The program as one module, resolved the way a bundler for browsers resolves it. */
async function bundle(entry: string): Promise<Rolldown.OutputChunk> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['behalf-source', 'module', 'browser'] },
    build: { write: false, target: 'es2024', minify: false, lib: { entry, formats: ['es'] } },
  })
  const outputs = Array.isArray(built) ? built : [built]
  const chunks = outputs.flatMap((output) => ('output' in output ? output.output : []))
  const [only, ...others] = chunks.filter((output) => output.type === 'chunk')
  if (only === undefined || others.length > 0) throw new Error('The bundle is not one module')
  return only
}

/** What the bundle prints where neither the modules of Node.js nor `Buffer` exist. */
function run(given: JsonObject): unknown {
  const program = join(folder, 'program.mjs')
  writeFileSync(program, `const given = ${JSON.stringify(given)};\n${chunk.code}`)
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', HIDE_NODE, program], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

async function signList(): Promise<string> {
  const bits = createBitstring()
  writeBit(bits, 1, true)
  const { did, kid, signer } = issuer
  const options = { id: LIST_URL, issuer: did, kid, signer, purpose: 'revocation' } as const
  return signStatusList({ ...options, bits, version: 1, now: NOW, validUntil: NOW + MINUTE })
}

/** An ES256 signature in the spellings of WebAuthn. */
async function signWithPasskey(): Promise<JsonObject> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  const data = new Uint8Array([1, 2, 3])
  const raw = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, data))
  const cose = concatBytes(
    decodeHex('a5010203262001215820'),
    point.subarray(1, 33),
    decodeHex('225820'),
    point.subarray(33),
  )
  return {
    publicKey: encodeBase64url(cose),
    signature: encodeBase64url(encodeEcdsaSignature(raw)),
    data: encodeBase64url(data),
  }
}
