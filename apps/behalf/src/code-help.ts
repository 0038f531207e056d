/** What a stable code means and what the person at the terminal can do about it. */
export interface CodeHelp {
  readonly meaning: string
  readonly next: string
}

const ASK = 'ask for a delegation that covers this: behalf request'
const RENEW = 'ask for a new delegation: behalf request'
const WAIT = 'try again in a moment; if it lasts, tell whoever runs the API'
const AUTHORITY = 'look at the authority with behalf status, and try again'
const CLOCK = 'check the clock of this machine, then call again'
const REPORT = 'this should not happen with this tool: please report it with the request id'
const RESTART = 'ask again: behalf request'
const CREDENTIAL = 'look at the delegation with behalf inspect; if it is sound, tell whoever runs the API'

const TABLE: Readonly<Record<string, readonly [meaning: string, next: string]>> = {
  access_denied: ['a person or the policy refused', 'ask for less, or say better what it is for'],
  address_in_use: ['another process listens on this port', 'stop it, or choose another --port'],
  address_unavailable: [
    'this machine has no such address, or may not listen there',
    'choose another --host or --port',
  ],
  algorithm_unsupported: ['the key fixes another algorithm', REPORT],
  approval_consumed: [
    'this request was decided or used before',
    'see behalf list --as-operator for what is open',
  ],
  approval_expired: ['nobody decided in time', RESTART],
  approval_mismatch: ['the request changed since it was read', 'read it again: behalf approve'],
  approval_required: [
    "this API wants a person's own approval",
    'ask for a delegation that a person approves with a passkey',
  ],
  attenuation_violation: [
    'a delegation allows more than the one above it',
    'hand on less: fewer paths, less time, tighter constraints',
  ],
  audience_mismatch: ['no delegation held names this API', ASK],
  audit_unavailable: ['the API cannot record the request, so it does not act', WAIT],
  authority_refused: [
    'the authority refused with a code this version does not know',
    'update this tool, or tell whoever runs the authority',
  ],
  authority_response_invalid: [
    'the authority answered something that is not part of its interface',
    'check that --authority names an authority of this version',
  ],
  authority_unreachable: [
    'the authority does not answer',
    'check --authority or BEHALF_AUTHORITY, and that behalf serve runs',
  ],
  authorization_pending: [
    'nobody has decided yet',
    'open the approval URL, then go on with behalf request --resume',
  ],
  body_timeout: ['the body did not arrive in time', 'call again'],
  budget_exceeded: ['the delegation was used as often as it may be', RENEW],
  cache_miss: ['the API does not hold the delegation it was pointed to', 'call again'],
  chain_broken: ['the links of the delegation do not fit together', CREDENTIAL],
  chain_cycle: ['a link or an agent appears twice in the delegation', CREDENTIAL],
  chain_too_deep: ['the delegation was handed on too often', 'ask the authority directly: behalf request'],
  clock_unsynchronized: ['the clock of the API jumped', WAIT],
  component_missing: [
    'the API wants more of the request signed',
    'call again; if it stays, update this tool',
  ],
  component_unsupported: ['the API does not know a signed part', REPORT],
  context_missing: [
    'the API wants to know more about this call, or something else',
    'add it with --context run=… --context tool=…',
  ],
  credential_expired: ['the delegation has ended', RENEW],
  credential_malformed: ['the delegation cannot be read', CREDENTIAL],
  credential_missing: ['the request carried no delegation', ASK],
  credential_not_yet_valid: ['the delegation has not begun', CLOCK],
  credential_revoked: ['the delegation, or one above it, was revoked', RENEW],
  credential_signature_invalid: ['a signature in the delegation is wrong', CREDENTIAL],
  credential_suspended: ['the delegation is suspended', 'try again later'],
  credential_too_large: ['the delegation is too large', 'ask for fewer capabilities, or hand on less often'],
  credential_type_mismatch: ['this is another kind of credential', CREDENTIAL],
  database_foreign: [
    'the database there was made with another issuer key',
    'put the right issuer.age back, or choose a new --data folder: that is a new issuer',
  ],
  database_in_use: ['another process works with this folder', 'stop it, or choose another --data folder'],
  database_migration_failed: [
    'the database could not be brought up to this version',
    'it is as it was before: use the version that wrote it, or restore a backup',
  ],
  database_unsafe: ['the database would not survive a power loss', 'put the data folder on a local disk'],
  delegation_not_permitted: ['this delegation must not be handed on', 'ask for one with --depth 1 or more'],
  digest_mismatch: ['the body changed on its way', 'call again'],
  encoding_malformed: [
    'some bytes are not what they should be',
    'check the file or the answer they came from',
  ],
  evidence_invalid: ['the evidence of the approval does not fit', CREDENTIAL],
  file_exists: ['there is a file already', 'choose another name; nothing was overwritten'],
  folder_unwritable: [
    'the folder cannot be written',
    'choose another folder, or give this account the right to write there',
  ],
  forbidden: ['this key may not do that', 'use the wallet that may: see --operator and --wallet'],
  format_mismatch: ['two parts of the delegation disagree', CREDENTIAL],
  header_ambiguous: ['a header came twice', 'give each --header once'],
  header_too_large: ['the headers are too large', 'ask for fewer capabilities, or hand on less often'],
  http_failure: [
    'the API took the request and answered with a failure',
    'the body says why, if the API does',
  ],
  input_invalid: ['a value is not acceptable', 'correct it and run the command again'],
  internal_error: ['something broke that should not', 'try again; if it stays, please report it'],
  issuer_mismatch: ['the delegation is not signed by the issuer it names', CREDENTIAL],
  issuer_untrusted: [
    'the API does not trust the authority',
    'use a delegation of an authority this API trusts',
  ],
  json_ambiguous: ['the JSON can be read in two ways', 'write each member once and numbers within ±(2^53-1)'],
  json_malformed: ['this is not JSON', 'correct the file or the body'],
  key_invalid: ['this is not an Ed25519 key', 'check the DID'],
  key_mismatch: ['the delegation belongs to another agent', 'choose the wallet it was given to: --wallet'],
  key_revoked: ['the key of an agent in this delegation was revoked', 'make a new wallet and ask again'],
  keyid_unsupported: ['this kind of DID is not supported', 'use a did:key of an Ed25519 key'],
  keystore_auth_failed: ['the passphrase is wrong', 'try again with the right one'],
  keystore_corrupt: ['the file is damaged or was changed', 'restore it from a backup'],
  keystore_exists: ['there is a wallet already', 'choose another name; nothing was overwritten'],
  keystore_insecure: ['others may read a file that holds secrets', 'run chmod 600 on it'],
  keystore_locked: [
    'another process is writing the wallet',
    'try again; if nothing runs, remove the .lock file beside it',
  ],
  keystore_missing: [
    'there is no wallet there',
    'make one with behalf wallet create, or choose another with --wallet',
  ],
  keys_corrupt: ['the file opens, but holds no key of an issuer', 'restore issuer.age from a backup'],
  nonce_replayed: ['the API has seen this request before, or cannot know', 'call again'],
  not_found: ['there is no such thing, or it is not yours', 'check the name or the id'],
  parameter_invalid: ['the API does not accept how the signature is bounded', CLOCK],
  policy_denied: ['a constraint of the delegation forbids this request', ASK],
  policy_invalid: ['the policy file cannot be used', 'correct it at the place named'],
  policy_unknown: ['the delegation holds a constraint the API does not understand', 'ask for one without it'],
  rate_limited: ['too many requests', 'wait a moment'],
  replay_store_unavailable: ['the API cannot tell new requests from old ones', WAIT],
  request_malformed: ['the request is not well formed', 'check method, URL and headers'],
  request_too_large: ['the body is too large for the API', 'send less'],
  scope_exceeded: ['the delegation does not allow this request', ASK],
  scope_malformed: [
    'a capability is written wrongly',
    "write --allow 'GET https://api.example.com/issues/**'",
  ],
  signature_expired: ['the signature was too old when it arrived', CLOCK],
  signature_invalid: [
    'the signature does not fit the request',
    'if a proxy changes requests on the way, go round it',
  ],
  signature_not_yet_valid: ['the signature is from the future', CLOCK],
  signature_window_too_long: ['the signature is valid for too long', REPORT],
  slow_down: ['this was asked too often', 'wait a moment'],
  status_index_invalid: ['the delegation points outside its status list', CREDENTIAL],
  status_invalid: ['the status of the delegation cannot be read', AUTHORITY],
  status_rollback: ['the API was shown an older status than it knew', AUTHORITY],
  status_stale: ['the API has not heard from the authority for too long, so it refuses', AUTHORITY],
  status_unavailable: ['the API never heard from the authority, so it refuses', AUTHORITY],
  target_ambiguous: ['the URL can be read in two ways', 'write it plainly: no .., // or encoded slashes'],
  target_mismatch: [
    'the request was made for another address than the API has',
    'use the public URL of the API',
  ],
  target_unreachable: ['the API does not answer', 'check the URL and that the API runs'],
  usage_invalid: ['the command line cannot be understood', 'see behalf --help'],
}

/** What a code means and what to do; a code that is not known here gets words that are always true. */
export function explainCode(code: string): CodeHelp {
  const row = Object.hasOwn(TABLE, code) ? TABLE[code] : undefined
  const [meaning, next] = row ?? ['the request was refused', 'look the code up in the documentation']
  return { meaning, next }
}
