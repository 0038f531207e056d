import type { CaseGroup } from '../support/attack-case.ts'
import { approval } from './approval.ts'
import { approvalWeb } from './approval-web.ts'
import { audit } from './audit.ts'
import { bodies } from './bodies.ts'
import { chain } from './chain.ts'
import { coverage } from './coverage.ts'
import { credentialJson } from './credential-json.ts'
import { denial } from './denial.ts'
import { headers } from './headers.ts'
import { jwt } from './jwt.ts'
import { keys } from './keys.ts'
import { keystore } from './keystore.ts'
import { mcp } from './mcp.ts'
import { oauth } from './oauth.ts'
import { passkeys } from './passkeys.ts'
import { publishing } from './publishing.ts'
import { reference } from './reference.ts'
import { replay } from './replay.ts'
import { resolution } from './resolution.ts'
import { scopes } from './scopes.ts'
import { status } from './status.ts'
import { storage } from './storage.ts'
import { structuredFields } from './structured-fields.ts'
import { targets } from './targets.ts'
import { tokens } from './tokens.ts'

/** Every group that has cases. */
export const GROUPS: readonly CaseGroup[] = [
  coverage,
  structuredFields,
  targets,
  headers,
  bodies,
  replay,
  keys,
  jwt,
  credentialJson,
  chain,
  reference,
  scopes,
  status,
  publishing,
  resolution,
  keystore,
  denial,
  storage,
  approval,
  approvalWeb,
  passkeys,
  audit,
  oauth,
  mcp,
  tokens,
]
