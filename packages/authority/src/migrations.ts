import { type Kysely, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import type { AuthorityDatabase } from './database-schema.ts'
import { AuthorityError } from './error.ts'
import {
  AUDITOR_TABLES,
  LEDGER_TABLES,
  LOG_INDEX_TABLES,
  STATUS_HISTORY_TABLES,
} from './ledger/ledger-tables.ts'
import { NOTICE_TABLES } from './notices/notice-tables.ts'
import { TOKEN_TABLES } from './oauth/token-tables.ts'
import { COMPANY_LOGIN_CHANGES, PEOPLE_TABLES } from './people/people-tables.ts'

/** What the tables are made of, one statement each, in order. */
const FIRST_TABLES: readonly string[] = [
  `create table authority (
    id integer primary key check (id = 1),
    issuer text not null,
    created_at integer not null
  ) strict`,
  `create table operators (
    did text primary key,
    name text not null,
    added_at integer not null
  ) strict`,
  `create table requests (
    number integer primary key,
    id text not null unique,
    version integer not null,
    agent text not null,
    agent_name text,
    terms_json text not null check (json_valid(terms_json)),
    policy_json text not null check (json_valid(policy_json)),
    status text not null check (status in ('pending', 'approved', 'refused')),
    requested_at integer not null,
    expires_at integer not null,
    last_polled_at integer,
    decided_at integer,
    decided_by text,
    reason text,
    delegation_id text references delegations (id),
    collected_at integer,
    check ((status = 'pending') = (decided_at is null)),
    check ((status = 'approved') = (delegation_id is not null))
  ) strict`,
  `create index requests_pending on requests (agent, expires_at) where status = 'pending'`,
  `create table enrolments (
    number integer primary key,
    id text not null unique,
    agent text not null,
    on_behalf_of_json text not null check (json_valid(on_behalf_of_json)),
    capabilities_json text not null check (json_valid(capabilities_json)),
    max_seconds integer not null,
    max_delegation_depth integer not null,
    valid_until integer,
    created_at integer not null,
    created_by text not null,
    withdrawn_at integer
  ) strict`,
  `create index enrolments_agent on enrolments (agent) where withdrawn_at is null`,
  `create table status_lists (
    number integer primary key,
    version integer not null,
    jws text not null,
    digest text not null,
    signed_at integer not null,
    valid_until integer not null,
    allocated integer not null,
    needed_until integer not null
  ) strict`,
  `create table status_positions (
    list integer not null references status_lists (number),
    list_index integer not null check (list_index between 0 and 131071),
    primary key (list, list_index)
  ) strict, without rowid`,
  `create table delegations (
    number integer primary key,
    id text not null unique,
    parent_id text references delegations (id),
    root_id text not null references delegations (id),
    delegator text not null,
    subject text not null,
    on_behalf_of_json text not null check (json_valid(on_behalf_of_json)),
    valid_from integer not null,
    valid_until integer not null,
    list integer not null,
    list_index integer not null,
    payload_json text not null check (json_valid(payload_json)),
    request_id text unique references requests (id),
    jws text,
    evidence_json text check (json_valid(evidence_json)),
    created_at integer not null,
    revoked_at integer,
    revoked_by text,
    revoked_reason text,
    foreign key (list, list_index) references status_positions (list, list_index),
    unique (list, list_index),
    check ((parent_id is null) = (jws is not null)),
    check ((revoked_at is null) = (revoked_by is null))
  ) strict`,
  `create index delegations_parent on delegations (parent_id) where parent_id is not null`,
  `create index delegations_revoked on delegations (list, list_index) where revoked_at is not null`,
  `create table revoked_keys (
    agent text primary key,
    revoked_at integer not null,
    revoked_by text not null,
    reason text
  ) strict`,
  `create table publication (
    id integer primary key check (id = 1),
    epoch integer not null,
    sequence integer not null,
    jws text not null,
    time integer not null
  ) strict`,
  `create table events (
    sequence integer primary key,
    time integer not null,
    type text not null,
    data_json text not null check (json_valid(data_json))
  ) strict`,
]

/** When an agent was first heard of, what a policy said, and the name that asking one person got when two could be. */
const POLICY_CHANGES: readonly string[] = [
  `create index requests_agent on requests (agent, number)`,
  `create index events_policy on events (json_extract(data_json, '$.digest')) where type = 'policy_loaded'`,
  `update requests set policy_json = json_set(policy_json, '$.decision', 'ask-one')
    where json_extract(policy_json, '$.decision') = 'ask'`,
]

/** Who approved a request, and approvals that were begun. */
const APPROVAL_TABLES: readonly string[] = [
  `alter table requests add column approvals_json text not null default '[]' check (json_valid(approvals_json))`,
  `alter table requests add column half text`,
  `create table approval_drafts (
    id text primary key,
    person text,
    half text,
    expires_at integer not null,
    draft_json text not null check (json_valid(draft_json))
  ) strict`,
  `create index approval_drafts_person on approval_drafts (person)`,
  `create index approval_drafts_end on approval_drafts (expires_at)`,
]

/** What keeps a flood of requests from filling the store or a person's day. */
const FLOOD_CHANGES: readonly string[] = [
  `alter table requests add column stranger integer not null default 0 check (stranger in (0, 1))`,
  `create index requests_stranger on requests (json_extract(terms_json, '$.onBehalfOf.id'), requested_at)
    where stranger = 1`,
  `create table question_counts (
    key text primary key,
    minute integer not null,
    count integer not null
  ) strict`,
]

/** What finds the delegations of a workflow. */
const REVOCATION_CHANGES: readonly string[] = [
  `create index delegations_workflow on delegations
    (json_extract(payload_json, '$.credentialSubject.workflow.id')) where revoked_at is null`,
]

/** Delegations that rest, and the lists that say so. */
const SUSPENSION_TABLES: readonly string[] = [
  `alter table delegations add column suspended_at integer`,
  `alter table delegations add column suspended_by text check ((suspended_at is null) = (suspended_by is null))`,
  `alter table delegations add column suspended_reason text`,
  `create index delegations_suspended on delegations (list, list_index) where suspended_at is not null`,
  `create table suspension_lists (
    number integer primary key references status_lists (number),
    version integer not null,
    jws text not null,
    digest text not null,
    signed_at integer not null,
    valid_until integer not null
  ) strict`,
  ...refuse('suspension_lists', ['delete'], 'a status list is never forgotten'),
  `create trigger suspension_lists_forward before update on suspension_lists
    when new.version < old.version or (new.version = old.version and new.jws <> old.jws)
    begin select raise(abort, 'a status list never goes back'); end`,
]

/** How the latest versions of a list came of those before. */
const LIST_CHANGES: readonly string[] = ['status_lists', 'suspension_lists'].map(
  (table) =>
    `alter table ${table} add column changes_json text not null default '[]' check (json_valid(changes_json))`,
)

/** What a mistake in the code above them must not be able to undo. */
const FIRST_TRIGGERS: readonly string[] = [
  ...refuse('events', ['update', 'delete'], 'the record is append-only'),
  // A replacing insert deletes without firing what guards deletion.
  `create trigger events_no_replace before insert on events
    when exists (select 1 from events where sequence = new.sequence)
    begin select raise(abort, 'the record is append-only'); end`,
  `create trigger events_in_order after insert on events
    when new.sequence < 1
      or (new.sequence > 1 and not exists (select 1 from events where sequence = new.sequence - 1))
    begin select raise(abort, 'events are numbered without gaps'); end`,
  ...refuse('revoked_keys', ['update', 'delete'], 'a revoked key stays revoked'),
  `create trigger revoked_keys_no_replace before insert on revoked_keys
    when exists (select 1 from revoked_keys where agent = new.agent)
    begin select raise(abort, 'a revoked key stays revoked'); end`,
  ...refuse('status_positions', ['update', 'delete'], 'a place in a status list is given once'),
  ...refuse('delegations', ['delete'], 'a delegation is never forgotten'),
  `create trigger delegations_fixed before update on delegations
    when old.revoked_at is not null or new.id <> old.id or new.list <> old.list
      or new.list_index <> old.list_index or new.payload_json <> old.payload_json
    begin select raise(abort, 'a delegation changes once: when it is revoked'); end`,
  ...refuse('status_lists', ['delete'], 'a status list is never forgotten'),
  `create trigger status_lists_forward before update on status_lists
    when new.version < old.version or new.allocated < old.allocated
      or (new.version = old.version and new.jws <> old.jws)
    begin select raise(abort, 'a status list never goes back'); end`,
  ...refuse('publication', ['delete'], 'a publication is never forgotten'),
  `create trigger publication_forward before update on publication
    when new.epoch < old.epoch or (new.epoch = old.epoch and new.sequence <= old.sequence)
    begin select raise(abort, 'epoch and sequence never go back'); end`,
  ...refuse('authority', ['update', 'delete'], 'a database belongs to one issuer'),
]

const WORKLOAD_TABLES = [
  'alter table enrolments add column workload_json text',
  `create table workload_proofs (
    number integer primary key autoincrement,
    digest text not null unique,
    agent text not null,
    workload_json text not null,
    valid_until integer not null,
    proven_at integer not null
  ) strict`,
  'create index workload_proofs_of_agent on workload_proofs (agent, number)',
  ...refuse('workload_proofs', ['update', 'delete'], 'a proof is for the key that showed it first'),
]

/**
 * Every migration has run, each one whole or not at all, whenever and however a run before was cut off.
 *
 * @throws AuthorityError `database_migration_failed`; the database is as it was
 */
export async function migrate(
  database: AuthorityDatabase,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => ({ ...migrations }) }
  // Two of them were given names that sort before what ran already elsewhere; none of them needs those between.
  const migrator = new Migrator({ db: database, provider, allowUnorderedMigrations: true })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  throw new AuthorityError(
    'database_migration_failed',
    'The database could not be brought to this version. It was left as it was; was it written by a newer one?',
    { cause: error },
  )
}

/** By name, in order. Released ones never change; new ones come last, and so do their names. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '2026_11_first': runAll([...FIRST_TABLES, ...FIRST_TRIGGERS]),
  '2026_11_policy': runAll(POLICY_CHANGES),
  '2026_12_approvals': runAll(APPROVAL_TABLES),
  '2026_12_flood': runAll(FLOOD_CHANGES),
  '2026_12_people': runAll(PEOPLE_TABLES),
  '2026_12_people_company_login': runAll(COMPANY_LOGIN_CHANGES),
  '2026_12_people_notices': runAll(NOTICE_TABLES),
  '2026_12_record_log': runAll(LEDGER_TABLES),
  '2026_12_revocation': runAll(REVOCATION_CHANGES),
  '2026_12_workload': runAll(WORKLOAD_TABLES),
  '2027_01_tokens': runAll(TOKEN_TABLES),
  '2027_01_written_lists': runAll(STATUS_HISTORY_TABLES),
  '2027_02_trace': runAll(LOG_INDEX_TABLES),
  '2027_03_suspension': runAll(SUSPENSION_TABLES),
  '2027_03_suspension_changes': runAll(LIST_CHANGES),
  '2027_04_auditors': runAll(AUDITOR_TABLES),
}

function runAll(statements: readonly string[]): Migration {
  return {
    up: async (database: Kysely<unknown>) => {
      for (const statement of statements) await sql.raw(statement).execute(database)
    },
  }
}

function refuse(
  table: string,
  actions: readonly ('update' | 'delete')[],
  message: string,
): readonly string[] {
  return actions.map(
    (action) => `create trigger ${table}_no_${action} before ${action} on ${table}
      begin select raise(abort, '${message}'); end`,
  )
}
