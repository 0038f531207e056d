import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** An answer, as it is counted. */
export interface MeasuredAnswer {
  /** The method of a route, or `other`. */
  readonly method: string
  /** The path of a route as it is documented, never that of a request. */
  readonly route: string
  readonly status: number
  /** `ok`, or the code of the refusal. */
  readonly code: string
  readonly seconds: number
}

/** What of an authority can be looked at any time. */
export interface AuthorityState {
  /** Entries of the log that are under a signed checkpoint. */
  readonly logEntries: () => Promise<number>
  /** Age of the heartbeat in seconds; undefined when there is none. */
  readonly statusAge: () => Promise<number | undefined>
  /** Nonces that are remembered. */
  readonly replayEntries: () => number
  /** Connections that read the stream of what is published. */
  readonly statusReaders: () => number
}

/** Counts what an authority answers. */
export interface AuthorityMetrics {
  answered(answer: MeasuredAnswer): void
  /** Everything in the text format of Prometheus. */
  readonly expose: () => Promise<{ readonly type: string; readonly text: string }>
}

const BUCKETS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

/** Makes the metrics of one authority. Every label has a value of a route, a status or a documented code. */
export function createAuthorityMetrics(state: AuthorityState): AuthorityMetrics {
  const registry = new Registry()
  const registers = [registry]
  const answers = new Counter({
    name: 'behalf_authority_answers_total',
    help: 'Answers by route and by what they say',
    labelNames: ['method', 'route', 'status', 'code'],
    registers,
  })
  const duration = new Histogram({
    name: 'behalf_authority_answer_seconds',
    help: 'From the request to the answer, streams to their beginning',
    labelNames: ['method', 'route'],
    buckets: BUCKETS,
    registers,
  })
  createGauges(registers, state)
  return {
    answered: ({ seconds, ...labels }) => {
      const { method, route } = labels
      answers.inc({ ...labels, status: String(labels.status) })
      duration.observe({ method, route }, seconds)
    },
    expose: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  }
}

function createGauges(registers: Registry[], state: AuthorityState): void {
  gauge(registers, {
    name: 'behalf_authority_log_entries',
    help: 'Entries of the log',
    read: state.logEntries,
  })
  gauge(registers, {
    name: 'behalf_authority_status_age_seconds',
    help: 'Age of the heartbeat; NaN when there is none',
    read: async () => (await state.statusAge()) ?? Number.NaN,
  })
  gauge(registers, {
    name: 'behalf_authority_replay_entries',
    help: 'Nonces that are remembered',
    read: async () => state.replayEntries(),
  })
  gauge(registers, {
    name: 'behalf_authority_status_readers',
    help: 'Connections that read the stream of what is published',
    read: async () => state.statusReaders(),
  })
}

function gauge(
  registers: Registry[],
  {
    name,
    help,
    read,
  }: { readonly name: string; readonly help: string; readonly read: () => Promise<number> },
): Gauge {
  return new Gauge({
    name,
    help,
    registers,
    async collect() {
      this.set(await read())
    },
  })
}
