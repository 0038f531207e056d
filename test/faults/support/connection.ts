import { connect, type Socket } from 'node:net'
import { type Answer, parseAnswers } from '../../attacks/support/wire.ts'

/** A connection that is kept open for one request after the other. */
export interface Connection {
  readonly socket: Socket
  readonly isOpen: boolean
  /**
   * Sends one request and resolves to its answer.
   *
   * @throws Error when the connection ends without one
   */
  send(bytes: Uint8Array): Promise<Answer>
  close(): void
}

/** Opens a connection to a port of this machine. */
export function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const answers = readAnswers(socket)
  const connection: Connection = {
    socket,
    get isOpen() {
      return !socket.destroyed && socket.writable
    },
    send: async (bytes) => {
      socket.write(bytes)
      const answer = await answers()
      if (answer.header('connection') === 'close') socket.destroy()
      return answer
    },
    close: () => void socket.destroy(),
  }
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(connection)).once('error', reject)
  })
}

/** Makes the function that waits for the next answer. */
function readAnswers(socket: Socket): () => Promise<Answer> {
  let text = ''
  let waiting: { resolve(answer: Answer): void; reject(reason: Error): void } | undefined
  const take = (isEnd: boolean): void => {
    const [answer] = parseAnswers(text, { isEnd, bodiless: false })
    if (answer === undefined || waiting === undefined) return
    text = ''
    waiting.resolve(answer)
    waiting = undefined
  }
  socket
    .on('data', (part: Buffer) => {
      text += part.toString('latin1')
      take(false)
    })
    .on('error', () => undefined)
    .on('close', () => {
      take(true)
      waiting?.reject(new Error('the connection ended without an answer'))
    })
  return () =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) reject(new Error('the connection has ended'))
      else waiting = { resolve, reject }
    })
}
