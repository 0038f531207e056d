/**
 * What lies beside the log: who is meant by the hashes in it, which APIs may add to it, and what proves a request.
 * The tables of the log itself are its store's.
 */
export const LEDGER_TABLES: readonly string[] = [
  `create table principal_salts (
    hash text primary key,
    issuer text,
    id text,
    salt blob,
    created_at integer not null,
    erased_at integer,
    check ((erased_at is null) = (salt is not null)),
    check ((salt is null) = (id is null) and (id is null) = (issuer is null))
  ) strict`,
  `create unique index principal_salts_known on principal_salts (issuer, id) where erased_at is null`,
  `create table apis (
    did text primary key,
    origins_json text not null check (json_valid(origins_json)),
    added_at integer not null,
    added_by text not null,
    removed_at integer
  ) strict`,
  `create table request_evidence (
    entry_index integer primary key,
    principal text,
    kept_at integer not null,
    salt blob not null,
    bytes blob not null
  ) strict`,
  `create index request_evidence_principal on request_evidence (principal)`,
  `create index request_evidence_age on request_evidence (kept_at)`,
  // What happened stays; who it was may be forgotten, and then stands there as in the log.
  'drop trigger events_no_update',
  `create trigger events_no_update before update on events
    when new.sequence <> old.sequence or new.time <> old.time or new.type <> old.type
      or json_remove(new.data_json, '$.principal.id', '$.person', '$.by')
        <> json_remove(old.data_json, '$.principal.id', '$.person', '$.by')
      or coalesce(json_extract(new.data_json, '$.principal.id'), 'sha-256:') not like 'sha-256:%'
        and json_extract(new.data_json, '$.principal.id') <> json_extract(old.data_json, '$.principal.id')
    begin select raise(abort, 'the record is append-only'); end`,
]

/** Every status list as it was signed, so that what was known at a time can be shown later. */
export const STATUS_HISTORY_TABLES: readonly string[] = [
  `create table signed_status_lists (
    digest text primary key,
    jws text not null,
    signed_at integer not null
  ) strict`,
  `create index signed_status_lists_age on signed_status_lists (signed_at)`,
  // Those of before: what they will say no more is still in force now.
  'insert into signed_status_lists (digest, jws, signed_at) select digest, jws, signed_at from status_lists',
]

/** What says where the hours of the log are, and how often delegations were used. */
export const LOG_INDEX_TABLES: readonly string[] = [
  `create table log_hours (
    hour integer primary key,
    first_index integer not null,
    last_index integer not null
  ) strict`,
  `create table delegation_uses (
    delegation text not null,
    origin text not null,
    uses integer not null,
    last_used_at integer not null,
    primary key (delegation, origin)
  ) strict, without rowid`,
  // What somebody approved on behalf of another; few requests take two people.
  `create index requests_seconded on requests (number) where json_array_length(approvals_json) > 1`,
]

/** Whose keys may read the log. */
export const AUDITOR_TABLES: readonly string[] = [
  `create table auditors (
    did text primary key,
    added_at integer not null,
    added_by text not null,
    removed_at integer
  ) strict`,
]
