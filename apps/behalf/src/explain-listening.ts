import type { Listening, ListenOptions } from '@behalf/authority'
import { CommandError } from './error.ts'
import { isSystemError } from './system-error.ts'

/**
 * What listening there comes to.
 *
 * @throws CommandError `address_in_use`, `address_unavailable`
 */
export async function explainListening(
  { host, port }: ListenOptions,
  start: (where: ListenOptions) => Promise<Listening>,
): Promise<Listening> {
  try {
    return await start({ host, port })
  } catch (cause) {
    if (isSystemError(cause, 'EADDRINUSE')) {
      throw new CommandError('address_in_use', `another process listens on ${host} port ${port}`, { cause })
    }
    if (isSystemError(cause, 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND', 'EAFNOSUPPORT')) {
      throw new CommandError('address_unavailable', `this machine cannot listen on ${host} port ${port}`, {
        cause,
      })
    }
    throw cause
  }
}
