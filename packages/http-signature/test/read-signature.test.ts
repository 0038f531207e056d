import { encodeBase64 } from '@behalf/core'
import {
  DELEGATION_TAG,
  type FieldLines,
  type HttpMessage,
  type HttpRequestMessage,
  readSignature,
  verifySignature,
} from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import {
  COMPONENTS,
  CREATED,
  codeOf,
  EXPIRES,
  KEYID,
  list,
  NONCE,
  parameters,
  refusalOf,
  request,
  signAs,
  signed,
  signer,
  withFields,
  withoutFields,
} from './fixtures.ts'

const options = { tag: DELEGATION_TAG, hasBody: true }
const FULL = list(COMPONENTS) + parameters()

function read(message: HttpMessage): string {
  return codeOf(() => readSignature(message, options))
}

function verify(message: HttpMessage): string {
  return codeOf(() => verifySignature(readSignature(message, options), signer.publicKey))
}

/** Replaces the value of every line with this name. */
function edit(
  message: HttpRequestMessage,
  name: string,
  change: (value: string) => string,
): HttpRequestMessage {
  const fields: FieldLines = message.fields.map(([key, value]) => [key, key === name ? change(value) : value])
  return { ...message, fields }
}

describe('a complete signature', () => {
  test('is read into its parts and verifies', async () => {
    const message = await signed()
    const signature = readSignature(message, options)
    expect(signature).toMatchObject({
      label: 'sig',
      created: CREATED,
      expires: EXPIRES,
      nonce: NONCE,
      keyid: KEYID,
      tag: DELEGATION_TAG,
      alg: 'ed25519',
      components: COMPONENTS,
    })
    expect(signature.signature).toHaveLength(64)
    expect(signature.base).toBe(
      [
        '"@method": POST',
        '"@target-uri": https://api.test/v1/items?b=2&a=1',
        '"content-type": application/json',
        `"content-digest": ${request.fields[2]?.[1]}`,
        '"signature-key": sig=jwt;jwt="e30.e30.AA"',
        `"@signature-params": ${FULL}`,
      ].join('\n'),
    )
    expect(() => verifySignature(signature, signer.publicKey)).not.toThrow()
  })

  test('needs no alg, and then reports none', async () => {
    const signature = readSignature(await signed({ alg: undefined }), options)
    expect('alg' in signature).toBe(false)
    expect(signature).toMatchObject({
      created: CREATED,
      expires: EXPIRES,
      nonce: NONCE,
      keyid: KEYID,
      tag: DELEGATION_TAG,
    })
    expect(() => verifySignature(signature, signer.publicKey)).not.toThrow()
  })

  test('may carry parameters that we do not know: they are signed too', async () => {
    const message = await signed({ foo: '="x"' })
    expect(verify(message)).toBe('ok')
    expect(verify(edit(message, 'Signature-Input', (text) => text.replace('foo="x"', 'foo="y"')))).toBe(
      'signature_invalid',
    )
  })

  test('may have any label that is a key, also one that is a member of every object', async () => {
    expect(verify(await signAs(FULL, request, 'constructor'))).toBe('ok')
    expect(verify(await signAs(FULL, request, '*a-._1'))).toBe('ok')
  })

  test('is found whatever the case of field names, and white space around values does not count', async () => {
    const message = await signed()
    const shouting: FieldLines = message.fields.map(([name, value]) => [name.toUpperCase(), ` \t${value}\t `])
    expect(verify({ ...message, fields: shouting })).toBe('ok')
  })

  test('is canonicalised only as far as structured fields say: extra spaces do not matter', async () => {
    const message = await signed()
    const spaced = edit(message, 'Signature-Input', (text) => text.replace('("@method" ', '(  "@method"   '))
    expect(verify(spaced)).toBe('ok')
  })

  test('covers a field named like a member of every object', async () => {
    const components = [...COMPONENTS, '__proto__']
    const message = withFields(request, ['__proto__', 'x'])
    expect(verify(await signAs(list(components) + parameters(), message))).toBe('ok')
    expect(read(await signAs(list(components) + parameters()))).toBe('component_missing')
  })
})

describe('any change on the way is refused', () => {
  test('of the order of parameters or components', async () => {
    const message = await signed()
    const swap = (a: string, b: string) => (text: string) => text.replace(`${a}${b}`, `${b}${a}`)
    const created = `;created=${CREATED}`
    const expires = `;expires=${EXPIRES}`
    expect(verify(edit(message, 'Signature-Input', swap(created, expires)))).toBe('signature_invalid')
    const components = swap('"@method" ', '"@target-uri" ')
    expect(verify(edit(message, 'Signature-Input', components))).toBe('signature_invalid')
  })

  test('of any single character of Signature-Input or Signature', async () => {
    const message = await signed()
    for (const name of ['Signature-Input', 'Signature']) {
      const value = message.fields.find(([key]) => key === name)?.[1] ?? ''
      for (let at = 0; at < value.length; at += 1) {
        const other = value[at] === '1' ? '2' : '1'
        const changed = edit(message, name, () => value.slice(0, at) + other + value.slice(at + 1))
        expect([name, at, verify(changed)]).not.toEqual([name, at, 'ok'])
      }
    }
  })

  test('of method, target, origin or a covered field', async () => {
    const message = await signed()
    const changes: Partial<HttpRequestMessage>[] = [
      { method: 'PUT' },
      { method: 'post' },
      { target: '/v1/items?a=1&b=2' },
      { target: '/v1/items?b=2&a=1&' },
      { target: '/v1/items' },
      { origin: 'http://api.test' },
      { origin: 'https://evil.test' },
      { origin: 'https://api.test:8443' },
    ]
    for (const change of changes)
      expect([change, verify({ ...message, ...change })]).toEqual([change, 'signature_invalid'])
    for (const name of ['Content-Type', 'Content-Digest', 'Signature-Key']) {
      expect([name, verify(edit(message, name, (value) => `${value}x`))]).toEqual([name, 'signature_invalid'])
    }
  })
})

describe('the pair of fields', () => {
  test('is missing when there is none, or nothing in it', () => {
    expect(read(request)).toBe('signature_missing')
    expect(read(withFields(request, ['Signature-Input', ''], ['Signature', ' ']))).toBe('signature_missing')
  })

  test('comes as a pair', async () => {
    const message = await signed()
    expect(read(withoutFields(message, 'signature-input'))).toBe('signature_malformed')
    expect(read(withoutFields(message, 'signature'))).toBe('signature_malformed')
  })

  test('has the same labels on both sides', async () => {
    const message = await signed()
    expect(read(edit(message, 'Signature', (text) => text.replace('sig=', 'sig2=')))).toBe(
      'signature_malformed',
    )
    expect(read(edit(message, 'Signature', (text) => `${text}, more=:AAAA:`))).toBe('signature_malformed')
    const more = edit(message, 'Signature-Input', (text) => `${text}, more=();tag="x"`)
    expect(read(more)).toBe('signature_malformed')
    expect(read(edit(more, 'Signature', (text) => `${text}, other=:AAAA:`))).toBe('signature_malformed')
    expect(read(edit(more, 'Signature', (text) => `${text}, more=:AAAA:`))).toBe('ok')
  })

  test('holds inner lists on one side and byte sequences on the other', async () => {
    const message = await signed()
    expect(read(edit(message, 'Signature-Input', () => 'sig="x"'))).toBe('signature_malformed')
    expect(read(edit(message, 'Signature-Input', () => 'sig'))).toBe('signature_malformed')
    expect(read(edit(message, 'Signature', () => 'sig="AAAA"'))).toBe('signature_malformed')
    expect(read(edit(message, 'Signature', () => `sig="${'A'.repeat(64)}"`))).toBe('signature_malformed')
    expect(read(edit(message, 'Signature', () => 'sig=(:AAAA:)'))).toBe('signature_malformed')
  })

  test('is refused when it does not parse strictly', async () => {
    const message = await signed()
    const changes: [string, (text: string) => string][] = [
      ['upper-case label', (text) => text.replace('sig=', 'SIG=')],
      ['tab inside the list', (text) => text.replace('" "', '"\t"')],
      ['escape of an ordinary character', (text) => text.replace('did:key', 'did\\:key')],
      ['character outside ASCII', (text) => text.replace('did:key:', 'did:key:é')],
      ['line feed in a string', (text) => text.replace('did:key:', 'did:key:\n"@method": DELETE')],
      ['trailing comma', (text) => `${text},`],
      ['more text than is looked at', (text) => `${text};p="${'a'.repeat(70_000)}"`],
    ]
    for (const [name, change] of changes) {
      expect([name, read(edit(message, 'Signature-Input', change))]).toEqual([name, 'signature_malformed'])
    }
  })

  test('spells the signature in the one canonical base64, 64 bytes long', async () => {
    const message = await signed()
    const canonical = /=:(.*)==:$/.exec(message.fields.at(-1)?.[1] ?? '')?.[1] ?? ''
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    const neighbour = last[last.indexOf(canonical.at(-1) ?? '') + 1] ?? ''
    const spellings = [
      `sig=:${canonical.slice(0, -1)}${neighbour}==:`,
      `sig=:${canonical}:`,
      `sig=:${canonical.slice(0, 40)}_${canonical.slice(41)}==:`,
      `sig=:${canonical.slice(0, 40)} ${canonical.slice(40)}==:`,
      `sig=:${encodeBase64(new Uint8Array(63))}:`,
      `sig=:${encodeBase64(new Uint8Array(65))}:`,
      'sig=::',
    ]
    for (const text of spellings) {
      expect([text, read(edit(message, 'Signature', () => text))]).toEqual([text, 'signature_malformed'])
    }
  })

  test('means one thing: no label and no parameter twice', async () => {
    const message = await signed()
    expect(read(edit(message, 'Signature-Input', (text) => `sig=();tag="agent-delegation", ${text}`))).toBe(
      'signature_ambiguous',
    )
    expect(read(edit(message, 'Signature', (text) => `sig=:AAAA:, ${text}`))).toBe('signature_ambiguous')
    expect(read(await signed({ keyid: `="a";keyid="${KEYID}"` }))).toBe('signature_ambiguous')
    expect(read(withFields(message, ['Signature-Input', `sig=${FULL}`]))).toBe('signature_ambiguous')
    expect(read(withFields(message, ['signature', message.fields.at(-1)?.[1] ?? '']))).toBe(
      'signature_ambiguous',
    )
  })

  test('has at most eight labels', async () => {
    const others = (count: number) => Array.from({ length: count }, (_, index) => `l${index}`)
    const crowd = async (count: number): Promise<HttpRequestMessage> => {
      const message = await signed()
      const withInputs = edit(message, 'Signature-Input', (text) =>
        [...others(count).map((label) => `${label}=();tag="other"`), text].join(', '),
      )
      return edit(withInputs, 'Signature', (text) =>
        [...others(count).map((label) => `${label}=:AAAA:`), text].join(', '),
      )
    }
    expect(verify(await crowd(7))).toBe('ok')
    expect(read(await crowd(8))).toBe('signature_ambiguous')
    expect(read(await crowd(99))).toBe('signature_ambiguous')
  })
})

describe('the choice by tag', () => {
  async function besides(other: string, own = FULL): Promise<HttpRequestMessage> {
    const message = await signAs(own)
    const withInput = edit(message, 'Signature-Input', (text) => `${other}, ${text}`)
    return edit(withInput, 'Signature', (text) => `${other.slice(0, other.indexOf('='))}=:AAAA:, ${text}`)
  }

  test('leaves signatures with other tags alone, whatever they cover and however they were added', async () => {
    expect(verify(await besides('ttrp=("signature";key="sig" "client-cert";bs);created=1;tag="ttrp"'))).toBe(
      'ok',
    )
    const onOwnLine = withFields(
      await signed(),
      ['Signature-Input', 'x=();tag="x"'],
      ['Signature', 'x=:AAAA:'],
    )
    expect(verify(onOwnLine)).toBe('ok')
  })

  test('refuses two signatures for this application', async () => {
    expect(read(await besides(`first=${FULL}`))).toBe('signature_ambiguous')
  })

  test('refuses a weak signature beside a full one for being weak', async () => {
    expect(read(await besides(`weak=()${parameters()}`))).toBe('component_missing')
    expect(
      read(await besides(`weak=()${parameters()}`, list(COMPONENTS) + parameters({ tag: '="other"' }))),
    ).toBe('component_missing')
  })

  test('tells a missing tag from a foreign one', async () => {
    const untagged = await signed({ tag: undefined })
    const missing = refusalOf(() => readSignature(untagged, options))
    expect([missing?.code, missing?.missing]).toEqual(['parameter_missing', ['tag']])
    expect(read(await signed({ tag: '="agent-key"' }))).toBe('tag_mismatch')
    expect(read(await signed({ tag: '="Agent-Delegation"' }))).toBe('tag_mismatch')
    expect(read(await besides('x=();created=1', list(COMPONENTS) + parameters({ tag: '="other"' })))).toBe(
      'parameter_missing',
    )
  })

  test('takes a tag that is not a string for no tag of ours', async () => {
    expect(read(await signed({ tag: '=agent-delegation' }))).toBe('parameter_invalid')
    expect(read(await signed({ tag: '' }))).toBe('parameter_invalid')
    expect(read(await besides('x=();tag=1', list(COMPONENTS) + parameters({ tag: '="other"' })))).toBe(
      'parameter_invalid',
    )
  })
})

describe('coverage', () => {
  async function covering(components: readonly string[], message = request): Promise<HttpRequestMessage> {
    return signAs(list(components) + parameters(), message)
  }

  test.each(COMPONENTS)('%s must be covered', async (name) => {
    const message = await covering(COMPONENTS.filter((component) => component !== name))
    const refusal = refusalOf(() => readSignature(message, options))
    expect([refusal?.code, refusal?.missing]).toEqual(['component_missing', [name]])
  })

  test('names everything that is missing at once', async () => {
    const message = withFields(request, ['Agent-Context', 'run="r"'])
    const refusal = refusalOf(() => {
      readSignature(
        withFields(message, ['Signature-Input', `sig=()${parameters()}`], ['Signature', 'sig=:AAAA:']),
        options,
      )
    })
    expect(refusal?.missing).toEqual([
      '@method',
      '@target-uri',
      'signature-key',
      'content-digest',
      'content-type',
      'agent-context',
    ])
  })

  test('agent-context must be covered when it is sent', async () => {
    const message = withFields(request, ['Agent-Context', 'run="r"'])
    expect(read(await covering(COMPONENTS, message))).toBe('component_missing')
    expect(verify(await covering([...COMPONENTS, 'agent-context'], message))).toBe('ok')
  })

  test('approval-evidence must be covered when it is sent', async () => {
    const message = withFields(request, ['Approval-Evidence', ':e30=:'])
    expect(read(await covering(COMPONENTS, message))).toBe('component_missing')
    expect(verify(await covering([...COMPONENTS, 'approval-evidence'], message))).toBe('ok')
  })

  test('content-digest must be covered only with a body, content-type only when it is sent', async () => {
    const bare = withoutFields(request, 'content-type', 'content-digest')
    const message = await covering(['@method', '@target-uri', 'signature-key'], bare)
    expect(codeOf(() => readSignature(message, { ...options, hasBody: false }))).toBe('ok')
    const digested = withoutFields(request, 'content-type')
    const uncovered = await covering(['@method', '@target-uri', 'signature-key'], digested)
    expect(codeOf(() => readSignature(uncovered, { ...options, hasBody: false }))).toBe('ok')
    expect(codeOf(() => readSignature(uncovered, options))).toBe('component_missing')
  })

  test('a body without any digest is left to the check of the digest, which has a code for it', async () => {
    const bare = withoutFields(request, 'content-digest')
    expect(read(await covering(['@method', '@target-uri', 'signature-key', 'content-type'], bare))).toBe('ok')
    expect(read(await covering(COMPONENTS, bare))).toBe('component_missing')
  })

  test('a covered field must be there', async () => {
    const message = await covering([...COMPONENTS, 'x-missing'])
    const refusal = refusalOf(() => readSignature(message, options))
    expect([refusal?.code, refusal?.missing]).toEqual(['component_missing', ['x-missing']])
  })

  test.each(['Content-Digest', 'keep-alive ,\tCONTENT-DIGEST', 'close,content-digest'])(
    'a covered field that Connection lets a proxy drop counts as absent: %s',
    async (connection) => {
      const message = withFields(await covering(COMPONENTS), ['Connection', connection])
      const refusal = refusalOf(() => readSignature(message, options))
      expect([refusal?.code, refusal?.missing]).toEqual(['component_missing', ['content-digest']])
      expect(verify(withFields(await covering(COMPONENTS), ['Connection', 'keep-alive']))).toBe('ok')
    },
  )

  test('the other derived components of a request may be covered too', async () => {
    expect(verify(await covering([...COMPONENTS, '@authority', '@path', '@query', '@scheme']))).toBe('ok')
  })

  test.each([
    '@status',
    '@request-target',
    '@query-param',
    '@signature-params',
    '@unknown',
    'signature',
    'signature-input',
  ])('%s is outside the profile', async (name) => {
    expect(read(await covering([...COMPONENTS, name]))).toBe('component_unsupported')
  })

  test.each([
    '"content-digest";bs',
    '"@method";req',
    '"content-digest";sf',
    '"x";key="a"',
    '"x";tr',
    '"@query-param";name="a"',
  ])('component parameters are outside the profile: %s', async (component) => {
    const required = COMPONENTS.map((name) => `"${name}"`).join(' ')
    expect(read(await signAs(`(${required} ${component})${parameters()}`))).toBe('component_unsupported')
    const replacing = required.replace('"@method"', component)
    expect(read(await signAs(`(${replacing})${parameters()}`))).toBe('component_unsupported')
  })

  test('a response signature is not taken for a request signature', async () => {
    const input = `("@status" "content-digest" "@method";req "signature-key";req)${parameters()}`
    expect(read(await signAs(input))).toBe('component_unsupported')
    const response: HttpMessage = { kind: 'response', status: 200, fields: (await signed()).fields }
    expect(read(response)).toBe('component_unsupported')
  })

  test.each(['Content-Digest', '@Method', 'content digest', '', '@', 'x:y', 'é'])(
    'a component is a name in lower case, not %j',
    async (name) => {
      expect(read(await covering([...COMPONENTS, name]))).toBe('signature_malformed')
    },
  )

  test('a component is a string', async () => {
    for (const item of ['method', '1', ':AAAA:', '?1']) {
      expect([item, read(await signAs(`(${item})${parameters()}`))]).toEqual([item, 'signature_malformed'])
    }
  })

  test('a component is covered once', async () => {
    expect(read(await covering([...COMPONENTS, '@method']))).toBe('signature_malformed')
  })

  test('a field that must be there once makes the message ambiguous when it is there twice, covered or not', async () => {
    const message = await covering(COMPONENTS)
    const singletons = [
      'Host',
      'Authorization',
      'Content-Type',
      'Content-Digest',
      'Signature-Key',
      'Agent-Context',
      'Delegation-Chain',
      'Approval-Evidence',
    ]
    for (const name of singletons) {
      const twice = withFields(
        withoutFields(message, name.toLowerCase()),
        [name, 'a'],
        [name.toLowerCase(), 'a'],
      )
      expect([name, read(twice)]).toEqual([name, 'header_ambiguous'])
      const unsigned = withoutFields(twice, 'signature-input', 'signature')
      expect([name, read(unsigned)]).toEqual([name, 'header_ambiguous'])
    }
  })

  test('any other field may be there twice as long as it is not covered', async () => {
    const twice = withFields(request, ['X-A', '1'], ['x-a', '2'])
    expect(verify(await covering(COMPONENTS, twice))).toBe('ok')
    expect(read(await covering([...COMPONENTS, 'x-a'], twice))).toBe('header_ambiguous')
  })

  test('a covered field with a line break cannot write a line of its own', async () => {
    for (const breaker of ['\n', '\r', '\0']) {
      const message = await covering(
        [...COMPONENTS, 'x-a'],
        withFields(request, ['X-A', `1${breaker}"@method": GET`]),
      )
      expect(read(message)).toBe('signature_malformed')
    }
  })

  test('control data with a line break cannot write a line of its own', async () => {
    const message = await covering(COMPONENTS)
    expect(read({ ...message, method: 'GET\n"x": y' })).toBe('signature_malformed')
    expect(read({ ...message, target: '/\n"x": y' })).toBe('signature_malformed')
  })
})

describe('parameters', () => {
  test.each(['created', 'expires', 'nonce', 'keyid', 'tag'])('%s is required', async (name) => {
    const message = await signed({ [name]: undefined })
    const refusal = refusalOf(() => readSignature(message, options))
    expect([refusal?.code, refusal?.missing]).toEqual(['parameter_missing', [name]])
  })

  test('that are missing are named together', async () => {
    const message = await signed({ nonce: undefined, keyid: undefined })
    const refusal = refusalOf(() => readSignature(message, options))
    expect(refusal?.missing).toEqual(['nonce', 'keyid'])
    expect(refusal?.message).toContain('nonce, keyid')
  })

  test.each(['=1700000000.0', '="1700000000"', '=-1', '', '=@1700000000', '=?0', '=a', '=:AAAA:'])(
    'created and expires are non-negative integers, not %j',
    async (value) => {
      expect(read(await signed({ created: value }))).toBe('parameter_invalid')
      expect(read(await signed({ expires: value }))).toBe('parameter_invalid')
    },
  )

  test('expires is after created', async () => {
    expect(read(await signed({ expires: `=${CREATED}` }))).toBe('parameter_invalid')
    expect(read(await signed({ expires: `=${CREATED - 1}` }))).toBe('parameter_invalid')
    expect(verify(await signed({ expires: `=${CREATED + 1}` }))).toBe('ok')
    expect(verify(await signed({ created: '=0' }))).toBe('ok')
  })

  test('nonce, keyid and alg are strings that say something', async () => {
    for (const name of ['nonce', 'keyid', 'alg']) {
      for (const value of ['', '=1', '=abcdefghijklmnopqrstuvwx', '=:AAAAAAAAAAAAAAAAAAAAAA==:', '=""']) {
        expect([name, value, read(await signed({ [name]: value }))]).toEqual([
          name,
          value,
          'parameter_invalid',
        ])
      }
    }
  })

  test('a nonce is 16 to 256 characters of base64url', async () => {
    const verdicts: [string, string][] = [
      ['1', 'nonce_invalid'],
      ['a'.repeat(15), 'nonce_invalid'],
      ['a'.repeat(16), 'ok'],
      ['a'.repeat(256), 'ok'],
      ['a'.repeat(257), 'nonce_invalid'],
      ['AAECAwQFBgcICQoLDA0OD=', 'nonce_invalid'],
      ['AAECAwQFBgcICQoLDA0OD/', 'nonce_invalid'],
      ['AAECAwQFBgcICQ LDA0ODw', 'nonce_invalid'],
      ['AAECAwQFBgcICQ-_DA0ODw', 'ok'],
    ]
    for (const [nonce, code] of verdicts) {
      expect([nonce, verify(await signed({ nonce: `="${nonce}"` }))]).toEqual([nonce, code])
    }
  })

  test.each(['hmac-sha256', 'rsa-v1_5-sha256', 'Ed25519', 'EdDSA', 'none', 'ed25519 '])(
    'the algorithm is ed25519, not %s, whatever the length of the signature',
    async (alg) => {
      const message = await signed({ alg: `="${alg}"` })
      expect(read(message)).toBe('algorithm_unsupported')
      const mac = edit(message, 'Signature', () => `sig=:${encodeBase64(new Uint8Array(32))}:`)
      expect(read(mac)).toBe('algorithm_unsupported')
    },
  )
})

describe('the order of the checks: the first failure wins', () => {
  test('ambiguity of a field, form, choice, coverage, parameters, algorithm, length', async () => {
    const faults: [code: string, member: string, fields: FieldLines][] = [
      ['header_ambiguous', '("X");created;created', [['Host', 'a']]],
      ['signature_ambiguous', '("X");created;created', []],
      ['tag_mismatch', '("X");tag="x"', []],
      ['signature_malformed', '("X" "@status");tag="agent-delegation"', []],
      ['component_unsupported', '("@status");tag="agent-delegation"', []],
      ['component_missing', '("x");tag="agent-delegation"', []],
      ['parameter_missing', `${list(COMPONENTS)};tag="agent-delegation";created=?1`, []],
      ['parameter_invalid', list(COMPONENTS) + parameters({ created: '=a', nonce: '="1"', alg: '="x"' }), []],
      ['nonce_invalid', list(COMPONENTS) + parameters({ nonce: '="1"', alg: '="x"' }), []],
      ['algorithm_unsupported', list(COMPONENTS) + parameters({ alg: '="x"' }), []],
      ['signature_malformed', FULL, []],
    ]
    for (const [code, member, fields] of faults) {
      const message = withFields(
        request,
        ['Signature-Input', `sig=${member}`],
        ['Signature', 'sig=:AAAA:'],
        ...fields,
      )
      expect([member, read(message)]).toEqual([member, code])
    }
  })
})
