import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { type CaseGroup, http, invariant, own } from '../support/attack-case.ts'
import { expectAnswer } from '../support/expectation.ts'
import type { Lab } from '../support/lab.ts'
import {
  addLines,
  baseline,
  changeLine,
  type Draft,
  digestOf,
  dropComponent,
  dropLines,
  encodeRequest,
  sign,
} from '../support/request.ts'
import { altered, signed } from '../support/send-case.ts'

const BODY = '{"x":1}'
const OTHER = '{"x":2}'

/** The baseline with this Content-Digest, signed. */
const digested = (value: string) => signed(() => changeLine(baseline(), 'Content-Digest', () => value))

/** A body that no Content-Digest names. */
function undigested(method: string): Draft {
  return dropLines(dropComponent(baseline({ method }), '"content-digest"'), 'Content-Digest')
}

/** A request whose body has this many bytes. */
const sized = (length: number): Draft => baseline({ body: new Uint8Array(length).fill(0x20) })

/** Body and digest. */
export const bodies: CaseGroup = {
  name: 'Body and digest',
  catalogue: {
    'BD-001': altered((request) => ({ ...request, body: Buffer.from(OTHER) })),
    'BD-003': signed(() => undigested('GET')),
    'BD-004': signed(() => ({
      ...changeLine(
        changeLine(baseline(), 'Content-Length', () => '0'),
        'Content-Digest',
        () => digestOf('x'),
      ),
      body: new Uint8Array(),
    })),
    'BD-006': digested(digestOf(BODY, 'md5')),
    'BD-007': digested(`${digestOf(BODY)}, ${digestOf(OTHER, 'md5')}`),
    'BD-009': digested(digestOf(BODY).replace('sha', 'SHA')),
    'BD-010': digested(
      `sha-256=:${Buffer.from(digestOf(BODY).slice(9, -1), 'base64').subarray(0, 16).toString('base64')}:`,
    ),
    'BD-012': http(async (api) => {
      const request = await sign(baseline())
      const body = gzipSync(request.body)
      return api.send({
        ...addLines(
          changeLine(request, 'Content-Length', () => String(body.length)),
          ['Content-Encoding', 'gzip'],
        ),
        body,
      })
    }),
    'BD-013': http(async (api) => (await api.open({ parsesBodyFirst: true })).sendSigned(baseline())),
    'BD-014': signed(() => baseline({ body: '{"amount":1,"amount":9999}' })),
    'BD-015': http(async (api) => {
      const bytes = Buffer.concat([
        encodeRequest(await sign(baseline())),
        Buffer.from('DELETE-EVERYTHING\r\n\r\n'),
      ])
      const [accepted, ...refused] = await api.sendRow(bytes)
      // What was carried out says so; the bytes after it are refused by themselves.
      if (accepted !== undefined) expectAnswer(accepted, 'ok')
      return refused
    }),
    'BD-016': http(async (api) => {
      const slow = await api.open({ bodyTimeoutSeconds: 0.1 })
      const bytes = encodeRequest(await sign(baseline()))
      return slow.sendBytes(bytes.subarray(0, bytes.length - 6))
    }),
  },
  own: {
    'BD-own-1': own(
      'digest_missing',
      'A POST body without Content-Digest',
      signed(() => undigested('POST')),
    ),
    'BD-own-2': own('ok', 'SHA-512 alone', digested(digestOf(BODY, 'sha-512'))),
    'BD-own-3': own(
      'digest_mismatch',
      'SHA-256 right, SHA-512 wrong',
      digested(`${digestOf(BODY)}, ${digestOf(OTHER, 'sha-512')}`),
    ),
    'BD-own-4': own(
      'ok',
      'An algorithm nobody knows beside SHA-256',
      digested(`${digestOf(BODY)}, foo-1=:AAAA:`),
    ),
    'BD-own-5': own('digest_unsupported', 'An algorithm nobody knows alone', digested('foo-1=:AAAA:')),
    'BD-own-6': own('digest_unsupported', 'A digest as text', digested('sha-256="AAAA"')),
    'BD-own-7': own('digest_unsupported', 'Nothing in Content-Digest', digested('sha-256')),
    'BD-own-8': own('digest_unsupported', 'SHA-1 alone', digested(digestOf(BODY, 'sha'))),
    'BD-own-9': own(
      'ok',
      'A GET without a body',
      signed(() => baseline({ method: 'GET', body: '' })),
    ),
    'BD-own-10': own(
      'ok',
      'An empty body and its digest',
      signed(() => ({
        ...changeLine(
          changeLine(baseline(), 'Content-Length', () => '0'),
          'Content-Digest',
          () => digestOf(''),
        ),
        body: new Uint8Array(),
      })),
    ),
    'BD-own-11': own(
      'request_too_large',
      'An announced body above the cap',
      signed(() => sized(1_048_577)),
    ),
    'BD-own-12': own(
      'request_too_large',
      'A body in chunks above the cap',
      http(async (api) => {
        const request = addLines(dropLines(await sign(sized(1_048_577)), 'Content-Length'), [
          'Transfer-Encoding',
          'chunked',
        ])
        const size = Buffer.from(`${request.body.length.toString(16)}\r\n`)
        return api.send({
          ...request,
          body: Buffer.concat([size, request.body, Buffer.from('\r\n0\r\n\r\n')]),
        })
      }),
    ),
    'BD-own-13': own(
      'ok',
      'A body at the cap',
      signed(() => sized(1_048_576)),
    ),
    'BD-own-14': own(
      'digest_mismatch',
      'A byte added and announced',
      altered((request) => ({
        ...changeLine(request, 'Content-Length', () => '8'),
        body: Buffer.from(`${BODY} `),
      })),
    ),
    'BD-own-15': own(
      'ok',
      'A client that goes away in the middle harms nobody',
      invariant(survivesHalfBodies),
    ),
    'BD-own-16': own(
      'signature_invalid',
      'Body and digest changed together',
      altered((request) => ({
        ...changeLine(request, 'Content-Digest', () => digestOf(OTHER)),
        body: Buffer.from(OTHER),
      })),
    ),
    'BD-own-17': own(
      'digest_missing',
      'A body put into a signed DELETE',
      http(async (api) => {
        const draft = baseline({ method: 'DELETE', body: '' })
        const request = await sign(addLines(draft, ['Content-Length', '7']))
        return api.send({ ...request, body: Buffer.from(BODY) })
      }),
    ),
    'BD-own-19': own(
      'signature_missing',
      'A valid request inside the body of one that is refused',
      http(async (api) => {
        const hidden = Buffer.from(encodeRequest(await sign(baseline())))
        const outer = changeLine(await sign(baseline()), 'Content-Length', () => String(hidden.length))
        const unsigned = addLines(dropLines(outer, 'Signature', 'Signature-Input'), ['Connection', 'close'])
        return api.sendRow(encodeRequest({ ...unsigned, body: hidden }))
      }),
    ),
    'BD-own-18': own(
      'ok',
      'A request in the shadow of another is verified by itself',
      invariant(verifiesPipelined),
    ),
  },
}

/** Bodies that end early leave no trace but a free server. */
async function survivesHalfBodies(lab: Lab): Promise<void> {
  const before = lab.handled
  for (let round = 0; round < 10; round += 1) {
    const bytes = encodeRequest(await sign(baseline()))
    const socket = connect({ port: lab.port, host: '127.0.0.1' })
    await new Promise<void>((resolve) => socket.write(bytes.subarray(0, bytes.length - 3), () => resolve()))
    socket.destroy()
  }
  expectAnswer(await lab.sendSigned(baseline()), 'ok')
  expect(lab.handled).toBe(before + 1)
}

/** Of two requests on one connection the second, unsigned, is refused although the first is in order. */
async function verifiesPipelined(lab: Lab): Promise<void> {
  const first = encodeRequest(await sign(baseline()))
  const second = encodeRequest(
    addLines(dropLines(await sign(baseline()), 'Signature', 'Signature-Input'), ['Connection', 'close']),
  )
  const answers = await lab.sendRow(Buffer.concat([first, second]))
  expect(answers).toHaveLength(2)
  const [accepted, refused] = answers
  if (accepted === undefined || refused === undefined) return
  expectAnswer(accepted, 'ok')
  expectAnswer(refused, 'signature_missing')
}
