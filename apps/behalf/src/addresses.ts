import type { ListenOptions } from '@behalf/authority'
import type { Arguments, OptionSpec } from './arguments.ts'
import { usageError } from './error.ts'

/** The option that names where what is measured is told to everybody. @param otherwise who is told without it */
export function metricsOption(otherwise: string): OptionSpec {
  return {
    kind: 'text',
    value: 'HOST:PORT',
    help: `also tell Prometheus there, at /metrics, what is measured: to everybody who reaches it (default: ${otherwise})`,
  }
}

/**
 * The address that `--metrics` names.
 *
 * @throws CommandError `usage_invalid`
 */
export function readMetricsAddress(args: Arguments): ListenOptions | undefined {
  const text = args.text('metrics')
  if (text === undefined) return undefined
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):([0-9]{1,5})$/iu.exec(text) ?? []
  const [host, port] = [bracketed ?? plain, Number(digits)]
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port }
  throw usageError(`${JSON.stringify(text)} is no address to listen on`, 'give --metrics 127.0.0.1:9464')
}

/** A host as URLs have it. */
export function spellHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** An address as URLs have it. */
export function spellAddress({ host, port }: ListenOptions): string {
  return `${spellHost(host)}:${port}`
}
