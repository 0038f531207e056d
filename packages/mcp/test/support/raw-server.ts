import { createInterface } from 'node:readline'

// A server over stdio that keeps to no SDK: it tells on stderr what it is given, and does what the tool is called.

interface Given {
  readonly id?: number | string
  readonly method?: string
  readonly params?: { readonly name?: string; readonly _meta?: Readonly<Record<string, unknown>> }
}

const say = (message: object): void =>
  void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const answer = (id: number | string, words: string): void =>
  say({ id, result: { content: [{ type: 'text', text: words }] } })

const DOES: Readonly<Record<string, (id: number | string, given: Given) => void>> = {
  silent: () => undefined,
  answer: (id) => answer(id, 'answered'),
  // Nobody asked for it, so it is for nobody.
  chatter: (id) => {
    say({ method: 'notifications/message', params: { level: 'info', data: 'of somebody else' } })
    say({ method: 'notifications/progress', params: { progressToken: 'guessed', progress: 1 } })
    answer(999, 'to nobody')
    answer(id, 'answered')
  },
  question: () => say({ id: 'q1', method: 'sampling/createMessage', params: {} }),
  subscribe: (id) => {
    const _meta = { 'io.modelcontextprotocol/subscriptionId': id }
    say({ method: 'notifications/tools/list_changed', params: { _meta } })
    say({ id, result: { _meta } })
  },
  noise: (id) => {
    process.stdout.write('starting up …\n')
    answer(id, 'answered')
  },
  pour: (_id, { params }) => {
    const progressToken = params?._meta?.['progressToken']
    for (let progress = 0; progress < 300; progress += 1) {
      say({
        method: 'notifications/progress',
        params: { progressToken, progress, message: 'x'.repeat(1000) },
      })
    }
  },
  deaf: () => {
    process.stdin.pause()
    setInterval(() => undefined, 1000)
  },
  close: () => process.stdout.end(),
}

// Neither the end of its input nor a request ends this one.
if (process.argv[2] === 'stubborn') {
  process.on('SIGTERM', () => undefined)
  setInterval(() => undefined, 1000)
}
createInterface({ input: process.stdin }).on('line', (line) => {
  process.stderr.write(`got ${line}\n`)
  const given = JSON.parse(line) as Given
  const { id, method, params } = given
  // More questions than anybody keeps, while nobody asked for anything.
  if (method === 'notifications/own') {
    for (let asked = 1; asked <= 70; asked += 1) say({ id: `q${asked}`, method: 'ping' })
  }
  if (id === undefined || method === undefined) return
  if (method === 'initialize' && process.argv[2] === 'mute') return
  if (method === 'initialize' && process.argv[2] === 'unwilling') {
    say({ id, error: { code: -32_602, message: 'no' } })
    return
  }
  if (method !== 'tools/call') answer(id, method)
  else DOES[params?.name ?? '']?.(id, given)
})
