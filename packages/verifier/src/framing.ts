import { type FieldIndex, type FieldLines, indexFields } from '@behalf/http-signature'
import { VerifierError } from './error.ts'
import type { IncomingRequest, RequestLimits } from './incoming-request.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const PSEUDO_HEADER = /^:[a-z]+$/
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/
/** What a header line costs on the wire beside its name and value: colon, space, CR and LF. */
const LINE_OVERHEAD = 4

/** Headers whose form was checked. */
export interface FramedHeaders {
  /** By lower-case name; pseudo-headers among them, whose names no signature can cover. */
  readonly fields: FieldIndex
  /** The `:authority` of HTTP/2 and HTTP/3, if there was one. */
  readonly authority: string | undefined
}

/**
 * The headers are within the caps and well-formed, and the request has one way of telling where its body ends.
 *
 * @throws VerifierError header_too_large, request_malformed, request_too_large
 * @see RFC 9112 section 6, RFC 9110 section 5
 */
export function checkFraming(request: IncomingRequest, limits: RequestLimits): FramedHeaders {
  checkSize(request, limits)
  if (!TOKEN.test(request.method)) throw malformed('the method is not a token')
  const headers = frameHeaders(request.headers)
  checkBodyFraming(headers, limits)
  return headers
}

/**
 * The body has the length that was announced and is within the cap.
 *
 * @param body the bytes that were read
 * @throws VerifierError request_too_large, request_malformed
 */
export function checkBody(body: Uint8Array, headers: FramedHeaders, limits: RequestLimits): void {
  if (body.length > limits.maxBytes) throw tooLarge(limits)
  const announced = headers.fields.values.get('content-length')
  if (announced !== undefined && Number(announced) !== body.length) {
    throw malformed('the body has another length than was announced')
  }
}

function checkSize(request: IncomingRequest, limits: RequestLimits): void {
  let bytes = request.target.length
  for (const [name, value] of request.headers) bytes += name.length + value.length + LINE_OVERHEAD
  if (request.headers.length > limits.maxHeaderLines || bytes > limits.maxHeaderBytes) {
    throw new VerifierError(
      'header_too_large',
      `headers exceed ${limits.maxHeaderLines} lines or ${limits.maxHeaderBytes} bytes`,
    )
  }
  if (request.target.length > limits.maxTargetBytes) {
    throw new VerifierError('header_too_large', `the target exceeds ${limits.maxTargetBytes} bytes`)
  }
}

function frameHeaders(lines: FieldLines): FramedHeaders {
  for (const [name, value] of lines) {
    if (holdsLineBreak(value)) throw malformed('a header value holds a line break')
    if (!TOKEN.test(name) && !PSEUDO_HEADER.test(name)) throw malformed('a header name is not a token')
  }
  const fields = indexFields(lines)
  if (fields.repeated.has(':authority')) throw malformed('a pseudo-header is repeated')
  return { fields, authority: fields.values.get(':authority') }
}

/** Bare CR, LF and NUL end a line for some readers and not for others. */
function holdsLineBreak(value: string): boolean {
  // Three searches for one character are quicker than one for a class of them: credentials are long.
  return value.includes('\n') || value.includes('\r') || value.includes('\0')
}

function checkBodyFraming({ fields }: FramedHeaders, limits: RequestLimits): void {
  const length = fields.values.get('content-length')
  if (length === undefined) return
  if (fields.values.has('transfer-encoding')) throw malformed('both Content-Length and Transfer-Encoding')
  // Several lines are an ambiguity, which has a code of its own.
  if (fields.repeated.has('content-length')) return
  if (!DECIMAL.test(length)) throw malformed('Content-Length is not a decimal number')
  if (Number(length) > limits.maxBytes) throw tooLarge(limits)
}

function malformed(message: string): VerifierError {
  return new VerifierError('request_malformed', message)
}

function tooLarge(limits: RequestLimits): VerifierError {
  return new VerifierError('request_too_large', `the body exceeds ${limits.maxBytes} bytes`)
}
