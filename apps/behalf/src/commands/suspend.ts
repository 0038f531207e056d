import { changeSuspension, SUSPENSION_OPTIONS } from '../change-suspension.ts'
import type { Command } from '../command.ts'

/** `behalf suspend` */
export const command: Command = {
  usage: 'DELEGATION [options]',
  about:
    'Lets a delegation rest, and everything below it, until it is resumed: APIs refuse it within seconds, it cannot be collected and nothing is handed on from it. To stop it for good, revoke it.',
  positionals: ['DELEGATION'],
  options: SUSPENSION_OPTIONS,
  example: "behalf suspend urn:uuid:0195… --reason 'an odd line in the log'",
  run: (context) => changeSuspension(context, 'suspend'),
}
