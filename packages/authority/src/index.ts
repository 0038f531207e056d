export { ACCESS, type Access, type RouteName } from './access.ts'
export { type AuthorityKeys, type OpenAuthorityKeysOptions, openAuthorityKeys } from './authority-keys.ts'
export { type AuthorityLog, createAuthorityLog, type LogFacts } from './authority-log.ts'
export type { CreateAuthorityOptions } from './authority-options.ts'
export type { ResolveHost } from './checked-addresses.ts'
export { type Authority, createAuthority } from './create-authority.ts'
export { AuthorityError, type AuthorityErrorCode, type AuthorityErrorEvidence } from './error.ts'
export type { Listening, ListenOptions } from './http-server.ts'
export { isAddressRange } from './notices/address-rule.ts'
export { createNoticeKeys, type NoticeKeys } from './notices/notice-keys.ts'
export type { NoticeOptions } from './notices/notice-options.ts'
export { openDatabase } from './open-database.ts'
export type { Operator } from './operators.ts'
export {
  type CreateOperatorCodeOptions,
  createOperatorCode,
  type OperatorCode,
} from './people/create-operator-code.ts'
export { type CheckedOidcOptions, checkOidcOptions, type OidcOptions } from './people/oidc-options.ts'
export { PEOPLE_ACCESS, type PeopleAccess } from './people/people-access.ts'
export type { AttestationPolicy } from './people/people-context.ts'
export type { Role } from './people/person.ts'
export { type Repeat, repeatOnTimer } from './repeat.ts'
export {
  type ReplacedOperator,
  type ReplaceOperatorOptions,
  replaceOperator,
} from './replace-operator.ts'
export type { StoppedAuthorityOptions } from './stopped-authority.ts'
export {
  readWorkloadConfiguration,
  type WorkloadConfiguration,
} from './workload/read-workload-configuration.ts'
export type { WorkloadAlgorithm } from './workload/workload-algorithm.ts'
export type {
  ConfiguredGrant,
  JwtWorkloadIssuer,
  Revocation,
  WorkloadIssuer,
  WorkloadNetwork,
  X509WorkloadIssuer,
} from './workload/workload-options.ts'
