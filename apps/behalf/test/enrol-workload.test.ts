import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readWorkloadConfiguration, type WorkloadIssuer } from '@behalf/authority'
import { isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { CompactSign, exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Certified,
  certify,
  leafExtensions,
} from '../../../packages/authority/test/support/simulated-certificate-issuer.ts'
import { readDocs } from './support/read-docs.ts'
import { codeOf, documentOf } from './support/test-io.ts'
import { ask, openWorld, termsFor, type World } from './support/world.ts'

const KUBERNETES = 'https://kubernetes.default.svc.cluster.local'
const SUBJECT = 'system:serviceaccount:prod:billing'
// The clock of these worlds.
const NOW = Date.UTC(2030, 0, 15, 12)
const TIMES = { notBefore: new Date(NOW - 60_000), notAfter: new Date(NOW + 1_200_000) }

const simulatedCluster = await generateKeyPair('ES256')
const DOCS = await readDocs('workload-identity.md')
let world: World
let leaf: Certified

/** The set-up for Kubernetes as the docs have it, with the keys of a simulated cluster. */
async function documentedIssuer(): Promise<WorkloadIssuer> {
  const [example] = DOCS.blocks('json').map((text) => readWorkloadConfiguration(parseJson(text)).issuers[0])
  if (example?.type !== 'jwt') throw new Error('the first set-up is that for Kubernetes')
  const { jwksUrl: _, ...issuer } = example
  const jwk: unknown = { ...(await exportJWK(simulatedCluster.publicKey)), kid: 'k' }
  const jwks: JsonObject = { keys: isJsonObject(jwk) ? [jwk] : [] }
  return { ...issuer, algorithms: ['ES256'], jwks }
}

beforeAll(async () => {
  const root = await certify('CN=simulated root', TIMES)
  const extensions = leafExtensions([{ type: 'url', value: 'spiffe://example.org/billing' }])
  leaf = await certify('CN=billing', { ...TIMES, signer: root, extensions })
  world = await openWorld('127.0.0.1', {
    workloadIssuers: [
      await documentedIssuer(),
      {
        type: 'x509',
        issuer: 'spiffe://example.org',
        roots: [root.certificate.toString('pem')],
        subject: 'spiffe',
        revocation: { maxLifetimeSeconds: 3600 },
      },
    ],
  })
  await world.addWallet('stranger')
})
afterAll(() => world.close())

/** A folder as Kubernetes makes them for projected volumes, where the file is a link that is replaced. */
async function mountToken(name: string, at: World = world): Promise<string> {
  const claims = {
    iss: KUBERNETES,
    sub: SUBJECT,
    aud: [at.origin],
    'kubernetes.io': { namespace: 'prod' },
  }
  const times = { iat: NOW / 1000, exp: NOW / 1000 + 600 }
  const payload = new TextEncoder().encode(JSON.stringify({ ...claims, ...times, jti: name }))
  const signed = new CompactSign(payload).setProtectedHeader({ alg: 'ES256', kid: 'k' })
  const folder = join(at.home, name)
  await mkdir(join(folder, '..2030_01_15'), { recursive: true })
  await writeFile(
    join(folder, '..2030_01_15', 'token'),
    `${await signed.sign(simulatedCluster.privateKey)}\n`,
  )
  await symlink('..2030_01_15', join(folder, '..data'))
  await symlink(join('..data', 'token'), join(folder, 'token'))
  return join(folder, 'token')
}

describe('behalf enrol', () => {
  test('proves with the token of a projected volume where the agent runs', async () => {
    const run = await world.run(['enrol', '--workload-token', await mountToken('one'), '--json'])
    expect(documentOf(run)).toEqual({
      agent: world.agent,
      workload: { issuer: KUBERNETES, subject: SUBJECT, claims: { namespace: 'prod' } },
      valid_until: '2030-01-15T12:10:00Z',
      enrolments: [{ id: expect.any(String), max_seconds: 600 }],
    })
    const argv = ['request', '--for', 'acct-42', '--purpose', 'triage', '--minutes', '5', '--json']
    const asked = await world.run([...argv, '--allow', 'GET https://api.example.com/issues/7'])
    expect(documentOf(asked)).toMatchObject({ delegation: { approval: { method: 'enrolment' } } })
  })

  test('says in words what was proven and what it gives', async () => {
    const run = await world.run(['enrol', '--workload-token', await mountToken('two'), '--wallet', 'default'])
    expect(run.stdout).toContain(`runs as ${SUBJECT}`)
    expect(run.stdout).toContain('It may have by itself until then:')
  })

  test('refuses a token that another wallet showed', async () => {
    const token = await mountToken('three')
    await world.run(['enrol', '--workload-token', token])
    const run = await world.run(['enrol', '--workload-token', token, '--wallet', 'helper', '--json'])
    expect([run.exit, codeOf(run)]).toEqual([1, 'key_mismatch'])
  })

  test('says which file to look into when it holds no token', async () => {
    const file = join(world.home, 'garbage')
    await writeFile(file, 'not a token')
    const run = await world.run(['enrol', '--workload-token', file, '--json'])
    expect([run.exit, codeOf(run)]).toEqual([1, 'credential_malformed'])
    expect(run.stderr).toContain('one token as its issuer gave it')
  })

  test('proves it with a certificate and its key', async () => {
    await writeFile(join(world.home, 'svid.pem'), leaf.certificate.toString('pem'))
    await writeFile(join(world.home, 'svid.key'), await exportPKCS8(leaf.privateKey))
    const files = ['--workload-cert', 'svid.pem', '--workload-key', 'svid.key']
    const run = await world.run(['enrol', ...files, '--json'])
    expect(documentOf(run)).toMatchObject({
      workload: { subject: 'spiffe://example.org/billing' },
      enrolments: [],
    })
    expect((await world.run(['enrol', ...files, '--wallet', 'helper'])).stdout).toContain(
      'Nothing is granted there',
    )
    const swapped = ['--workload-cert', 'svid.key', '--workload-key', 'svid.key']
    expect(codeOf(await world.run(['enrol', ...swapped, '--json']))).toBe('input_invalid')
    const noKey = ['--workload-cert', 'svid.pem', '--workload-key', 'svid.pem']
    expect(codeOf(await world.run(['enrol', ...noKey, '--json']))).toBe('input_invalid')
  })

  test.each([
    [['--workload-cert', 'c']],
    [['--workload-key', 'k']],
    [['--workload-token', 't', '--workload-cert', 'c', '--workload-key', 'k']],
    [['did:key:z6MkAgent', '--workload-token', 't']],
    [['--workload-token', 't', '--for', 'alice']],
    [['--workload-token', 't', '--allow', 'GET https://api.test/a']],
    [['--for', 'alice']],
  ])('takes no half of a proof, and no terms beside it: %j', async (argv) => {
    const run = await world.run(['enrol', ...argv, '--json'])
    expect([run.exit, codeOf(run)]).toEqual([2, 'usage_invalid'])
  })
})

describe('operators see where agents run', () => {
  const openOf = async (): Promise<Record<string, readonly Record<string, unknown>[]>> =>
    documentOf(await world.run(['list', '--as-operator', '--json'])) as Record<
      string,
      readonly Record<string, unknown>[]
    >

  test('that asked or have something, in what is listed and in what they approve', async () => {
    await world.run(['enrol', '--workload-token', await mountToken('seen')])
    const until = '2030-01-15T12:10:00Z'
    const workload = {
      type: 'jwt',
      issuer: KUBERNETES,
      subject: SUBJECT,
      claims: { namespace: 'prod' },
      valid_until: until,
    }
    const proven = await ask(world, ...termsFor(world, '/issues/**'))
    const unproven = await ask(world, ...termsFor(world, '/issues/**'), '--wallet', 'stranger')
    const { pending = [] } = await openOf()
    const workloadOf = (id: string): unknown =>
      pending.find((request) => request['id'] === id)?.['agent_workload']
    expect([workloadOf(proven), workloadOf(unproven)]).toEqual([workload, undefined])
    const line = `${SUBJECT}, says ${KUBERNETES}, until ${until}`
    const listed = await world.run(['list', '--as-operator'])
    expect(listed.stdout).toContain(`  runs as          ${line}\n                   namespace=prod\n`)
    expect(listed.stdout).toContain('  runs as          it did not prove where\n')
    const shown = await world.run(['approve', proven, '--yes'])
    expect(shown.stderr).toContain(line)
    await world.run(['deny', unproven, '--yes'])
    const { active = [] } = await openOf()
    expect(
      active.filter(({ subject }) => subject === world.agent).map((one) => one['agent_workload']),
    ).toContainEqual(workload)
    expect((await world.run(['list', '--as-operator'])).stdout).toContain(
      `    runs as ${line}, namespace=prod\n`,
    )
  })

  test('and not where they ran once', async () => {
    const other = await openWorld('127.0.0.1', { workloadIssuers: [await documentedIssuer()] })
    const token = await mountToken('brief', other)
    await other.run(['enrol', '--workload-token', token])
    const id = await ask(other, ...termsFor(other, '/issues/**'))
    const runs = async (): Promise<boolean> =>
      (await other.run(['approve', id], { typed: ['n'] })).stderr.includes(SUBJECT)
    expect(await runs()).toBe(true)
    await other.advance(601)
    expect(await runs()).toBe(false)
    await other.close()
  })
})

describe('the set-ups in the docs', () => {
  test('are ones that an authority takes, once a root is filled in', async () => {
    const pem = leaf.certificate.toString('pem').replaceAll('\n', String.raw`\n`)
    const placeholder = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gu
    const configured = DOCS.blocks('json').map((text) =>
      readWorkloadConfiguration(parseJson(text.replaceAll(placeholder, () => pem))),
    )
    expect(configured.map(({ issuers }) => issuers.map(({ type }) => type))).toEqual([
      ['jwt'],
      ['jwt'],
      ['jwt', 'x509'],
    ])
  })

  test('mount the token where the command reads it, for the audience that is demanded', () => {
    const [pod = '', job = ''] = DOCS.blocks('yaml')
    expect(pod).toContain('audience: https://authority.example\n')
    expect(pod).toContain('mountPath: /var/run/secrets/behalf\n')
    expect(pod).toContain('path: token\n')
    expect(DOCS.text).toContain('behalf enrol --workload-token /var/run/secrets/behalf/token\n')
    expect(job).toContain('"audience=$BEHALF_AUTHORITY#$did"')
    expect(job).toContain('id-token: write')
  })

  test.each<[string, unknown]>([
    ['no object', []],
    ['no issuers', {}],
    ['another member', { issuers: [], secret: 'x' }],
    ['an issuer of another type', { issuers: [{ type: 'saml', issuer: 'x' }] }],
    [
      'an issuer without a binding',
      { issuers: [{ type: 'jwt', issuer: 'https://a.test', algorithms: ['RS256'] }] },
    ],
  ])('would be refused with %s', (_name, document) => {
    expect(() => readWorkloadConfiguration(parseJson(JSON.stringify(document)))).toThrow(TypeError)
  })
})
