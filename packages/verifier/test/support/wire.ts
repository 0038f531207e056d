import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import type { IncomingRequest } from '../../src/index.ts'

/** An answer as it came off the wire. */
export interface WireResponse {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Anything that listens on a port. */
export interface Listening {
  address(): AddressInfo | string | null
}

export function portOf(server: Listening): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}

/** The request as HTTP/1.1 bytes, header lines as they are and in their order. */
export function toWire(request: IncomingRequest & { readonly body: Uint8Array }): Buffer {
  const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `${request.method} ${request.target} HTTP/1.1\r\n${lines}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), request.body])
}

/** Sends bytes on a connection of their own and reads answers until the server or `count` answers end it. */
export async function sendBytes(port: number, bytes: Uint8Array | string): Promise<readonly WireResponse[]> {
  const socket = connect(port, '127.0.0.1')
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => {
    parts.push(part)
    // Without `Connection: close` the server keeps the connection; a complete answer is all we want.
    if (isComplete(Buffer.concat(parts).toString('latin1'))) socket.end()
  })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  await once(socket, 'close')
  return parseResponses(Buffer.concat(parts).toString('utf8'))
}

/** Sends one request and returns its answer. */
export async function send(
  port: number,
  request: IncomingRequest & { readonly body: Uint8Array },
): Promise<WireResponse> {
  const [response] = await sendBytes(port, toWire(request))
  if (response === undefined) throw new Error('the server did not answer')
  return response
}

/** The code of a refusal, or the status of anything else. */
export function codeOfResponse(response: WireResponse): string {
  if (response.headers.get('content-type') !== 'application/problem+json') return String(response.status)
  return String(JSON.parse(response.body).code)
}

function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return false
  const length = /content-length: (\d+)/i.exec(text.slice(0, end))
  if (length !== null) return text.length - end - 4 >= Number(length[1])
  return text.endsWith('0\r\n\r\n')
}

function parseResponses(text: string): readonly WireResponse[] {
  const responses: WireResponse[] = []
  for (let rest = text; rest.startsWith('HTTP/1.1 '); ) {
    const end = rest.indexOf('\r\n\r\n')
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
    )
    const after = rest.slice(end + 4)
    const length = headers.get('content-length')
    const body =
      length === undefined ? decodeChunks(after) : Buffer.from(after).subarray(0, Number(length)).toString()
    responses.push({ status: Number(statusLine.split(' ')[1]), headers, body })
    rest = length === undefined ? '' : Buffer.from(after).subarray(Number(length)).toString()
  }
  return responses
}

function decodeChunks(text: string): string {
  let body = ''
  for (let rest = text; rest !== ''; ) {
    const line = rest.indexOf('\r\n')
    const size = Number.parseInt(rest.slice(0, line), 16)
    if (!(size > 0)) return body
    body += rest.slice(line + 2, line + 2 + size)
    rest = rest.slice(line + 4 + size)
  }
  return body
}
