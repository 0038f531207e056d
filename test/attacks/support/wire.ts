import { connect, type Socket } from 'node:net'

/** How long any request may take before it counts as hanging. */
export const HANG_MS = 2000

/** One answer, as it came off the wire. */
export interface Answer {
  readonly status: number
  /** The first value of a header, by its name in lower case. */
  header(name: string): string | undefined
  readonly body: string
  /** Everything, from the status line on. */
  readonly text: string
}

/** What to send, and what is known of the answer. */
export interface Exchange {
  readonly port: number
  readonly bytes: Uint8Array
  /** The answer ends with its headers, as to HEAD. */
  readonly bodiless?: boolean
}

/**
 * Sends exactly these bytes on a connection of their own and reads one answer.
 *
 * @throws Error when none came in two seconds, or the connection ended without one
 */
export async function exchange(options: Exchange): Promise<Answer> {
  const { bytes, bodiless = false } = options
  const [answer] = await converse(options.port, {
    start: (socket) => socket.write(bytes),
    isDone: (answers) => answers.length > 0,
    bodiless,
  })
  if (answer === undefined) throw new Error('the connection ended without an answer')
  return answer
}

/** Sends bytes and reads every answer until the server closes the connection, for requests in a row. */
export function exchangeAll({ port, bytes }: Exchange): Promise<readonly Answer[]> {
  return converse(port, { start: (socket) => socket.write(bytes), isDone: () => false, bodiless: false })
}

/** How a connection is used. */
export interface Conversation {
  readonly start: (socket: Socket) => void
  readonly isDone: (answers: readonly Answer[]) => boolean
  readonly bodiless: boolean
}

/** Opens a connection and reads answers until it is done or the server closes it. */
export function converse(port: number, conversation: Conversation): Promise<readonly Answer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Answer[]>()
  const parts: Buffer[] = []
  const socket = connect({ port, host: '127.0.0.1' })
  const timer = setTimeout(() => reject(new Error(`no answer within ${HANG_MS} ms`)), HANG_MS)
  const read = (isEnd: boolean): readonly Answer[] =>
    parseAnswers(Buffer.concat(parts).toString('latin1'), { isEnd, bodiless: conversation.bodiless })
  socket
    .on('connect', () => conversation.start(socket))
    .on('data', (part: Buffer) => {
      parts.push(part)
      const answers = read(false)
      if (conversation.isDone(answers)) resolve(answers)
    })
    // A server that refuses early may reset the connection while the rest is still being written.
    .on('error', () => undefined)
    .on('close', () => resolve(read(true)))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

/** What is known of the bytes that answers are read from. */
export interface ReadOptions {
  readonly isEnd: boolean
  readonly bodiless: boolean
}

/** The complete answers at the beginning of what came off the wire. */
export function parseAnswers(text: string, options: ReadOptions): readonly Answer[] {
  const answers: Answer[] = []
  for (let rest = text; rest !== ''; ) {
    const found = parseAnswer(rest, options)
    if (found === undefined) break
    if (found.answer.status >= 200) answers.push(found.answer)
    rest = found.rest
  }
  return answers
}

function parseAnswer(text: string, options: ReadOptions): { answer: Answer; rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
  if (!Number.isInteger(status)) throw new Error(`not an HTTP answer: ${statusLine.slice(0, 80)}`)
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const header = (name: string): string | undefined => headers.get(name)
  const content =
    options.bodiless || status < 200
      ? { body: '', rest: text.slice(end + 4) }
      : readBody(header, text.slice(end + 4), options)
  return (
    content && {
      answer: { status, header, body: content.body, text: `${text.slice(0, end)}\n${content.body}` },
      rest: content.rest,
    }
  )
}

function readBody(
  header: (name: string) => string | undefined,
  text: string,
  { isEnd }: ReadOptions,
): { body: string; rest: string } | undefined {
  if (header('transfer-encoding') === 'chunked') return readChunks(text)
  const length = header('content-length')
  if (length === undefined) return isEnd ? { body: text, rest: '' } : undefined
  if (text.length < Number(length)) return undefined
  return { body: text.slice(0, Number(length)), rest: text.slice(Number(length)) }
}

function readChunks(text: string): { body: string; rest: string } | undefined {
  let body = ''
  let at = 0
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (text.length < next) return undefined
    if (size === 0) return { body, rest: text.slice(next) }
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = next
  }
}
