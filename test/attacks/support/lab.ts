import { type AdapterName, type ServerSetup, startServer } from './adapters.ts'
import { type Draft, encodeRequest, sign, type WireRequest } from './request.ts'
import { type Answer, exchange, exchangeAll } from './wire.ts'
import { createWorld, type World, type WorldOptions } from './world.ts'

/** What a case needs to be different in the API and its server. */
export interface ApiOptions
  extends WorldOptions,
    Pick<ServerSetup, 'parsesBodyFirst' | 'isMounted' | 'server'> {}

/** A protected API that listens on a port. */
export interface Api {
  readonly world: World
  readonly port: number
  /** Requests that reached the handler. */
  readonly handled: number
  /** Answers that said so. */
  readonly accepted: number
  send(request: WireRequest): Promise<Answer>
  /** Signs first. */
  sendSigned(draft: Draft): Promise<Answer>
  sendBytes(bytes: Uint8Array | string): Promise<Answer>
  /** Sends bytes on one connection and reads every answer until the server closes it. */
  sendRow(bytes: Uint8Array): Promise<readonly Answer[]>
}

/** What a case works with: an API of one adapter, shared unless the case opens one of its own. */
export interface Lab extends Api {
  readonly adapter: AdapterName
  /** Another API of the same adapter; it ends with the case. */
  open(options: ApiOptions): Promise<Api>
}

/** An API that must be closed. */
export interface OpenApi extends Api {
  close(): Promise<void>
}

/** Starts an API. */
export async function openApi(adapter: AdapterName, options: ApiOptions = {}): Promise<OpenApi> {
  const { parsesBodyFirst, isMounted, server, ...worldOptions } = options
  const world = await createWorld(worldOptions)
  let handled = 0
  const running = await startServer(adapter, {
    verifier: world.verifier,
    onHandled: () => {
      handled += 1
    },
    ...(parsesBodyFirst === undefined ? {} : { parsesBodyFirst }),
    ...(isMounted === undefined ? {} : { isMounted }),
    ...(server === undefined ? {} : { server }),
  })
  const { port } = running
  let accepted = 0
  const count = (answers: readonly Answer[]): void => {
    accepted += answers.filter((answer) => answer.status === 200).length
  }
  const sendBytes = async (bytes: Uint8Array, bodiless: boolean): Promise<Answer> => {
    const answer = await exchange({ port, bytes, bodiless })
    count([answer])
    return answer
  }
  const send = (request: WireRequest): Promise<Answer> =>
    sendBytes(encodeRequest(request), request.method === 'HEAD')
  return {
    world,
    port,
    get handled() {
      return handled
    },
    get accepted() {
      return accepted
    },
    send,
    sendSigned: async (draft) => send(await sign(draft)),
    sendBytes: (bytes) => sendBytes(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, false),
    sendRow: async (bytes) => {
      const answers = await exchangeAll({ port, bytes })
      count(answers)
      return answers
    },
    close: async () => {
      world.close()
      await running.close()
    },
  }
}

/** Runs one case with the shared API and closes whatever else it opened. */
export async function withLab<Result>(
  adapter: AdapterName,
  shared: Api,
  run: (lab: Lab) => Promise<Result>,
): Promise<Result> {
  const opened: OpenApi[] = []
  const lab: Lab = {
    adapter,
    world: shared.world,
    port: shared.port,
    get handled() {
      return shared.handled
    },
    get accepted() {
      return shared.accepted
    },
    send: (request) => shared.send(request),
    sendSigned: (draft) => shared.sendSigned(draft),
    sendBytes: (bytes) => shared.sendBytes(bytes),
    sendRow: (bytes) => shared.sendRow(bytes),
    open: async (options) => {
      const api = await openApi(adapter, options)
      opened.push(api)
      return api
    },
  }
  try {
    return await run(lab)
  } finally {
    for (const api of opened) await api.close()
  }
}
