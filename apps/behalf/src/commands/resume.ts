import { changeSuspension, SUSPENSION_OPTIONS } from '../change-suspension.ts'
import type { Command } from '../command.ts'

/** `behalf resume` */
export const command: Command = {
  usage: 'DELEGATION [options]',
  about:
    'Lets a delegation that rests go on, until it ends as it would have. What was revoked, or is below something revoked, stays dead.',
  positionals: ['DELEGATION'],
  options: SUSPENSION_OPTIONS,
  example: 'behalf resume urn:uuid:0195…',
  run: (context) => changeSuspension(context, 'resume'),
}
