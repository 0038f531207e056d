import type { OnBehalfOf } from '@behalf/credential'
import type { Arguments, OptionSpecs } from './arguments.ts'

/** The options that name the principal. */
export const PRINCIPAL_OPTIONS: OptionSpecs = {
  for: { kind: 'text', value: 'ID', help: 'on whose behalf: an id of the principal, no name of a person' },
  role: { kind: 'text', value: 'ROLE', help: 'the role the principal acts in' },
  tenant: { kind: 'text', value: 'ID', help: 'the tenant the principal belongs to' },
}

/**
 * The principal of `--for`, `--role` and `--tenant`.
 *
 * @throws CommandError `usage_invalid` without `--for`
 */
export function readPrincipal(args: Arguments): OnBehalfOf {
  const role = args.text('role')
  const tenant = args.text('tenant')
  return {
    id: args.required('for'),
    ...(role === undefined ? {} : { role }),
    ...(tenant === undefined ? {} : { tenant }),
  }
}
