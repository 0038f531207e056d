/** The tables about people, one statement each, in order. */
export const PEOPLE_TABLES: readonly string[] = [
  `create table persons (
    id text primary key,
    name text not null,
    roles_json text not null check (json_valid(roles_json)),
    tenant text,
    user_handle text not null unique,
    created_at integer not null,
    disabled_at integer
  ) strict`,
  // Two ids that differ in case alone would be taken for one another.
  `create unique index persons_id_caseless on persons (lower(id))`,
  `create table passkeys (
    id text primary key,
    person text not null references persons (id),
    name text not null,
    public_key text not null,
    counter integer not null,
    software integer not null check (software in (0, 1)),
    synced integer not null check (synced in (0, 1)),
    created_at integer not null,
    last_used_at integer
  ) strict`,
  `create index passkeys_person on passkeys (person)`,
  `create table sessions (
    token_hash text primary key,
    person text not null references persons (id),
    created_at integer not null,
    last_seen_at integer not null
  ) strict`,
  `create index sessions_person on sessions (person)`,
  `create table ceremonies (
    id text primary key,
    purpose text not null,
    challenge text not null,
    session text,
    data_json text not null check (json_valid(data_json)),
    expires_at integer not null
  ) strict`,
  `create index ceremonies_expiry on ceremonies (expires_at)`,
  `create table codes (
    code_hash text primary key,
    purpose text not null check (purpose in ('claim', 'invitation', 'recovery')),
    person text,
    data_json text not null check (json_valid(data_json)),
    created_at integer not null,
    created_by text not null,
    expires_at integer,
    used_at integer,
    check ((purpose = 'claim') = (person is null))
  ) strict`,
  `create index codes_person on codes (purpose, person)`,
  `create trigger persons_no_delete before delete on persons
    begin select raise(abort, 'a person is disabled, never forgotten'); end`,
  `create trigger persons_fixed before update on persons
    when new.id <> old.id or new.user_handle <> old.user_handle or new.tenant is not old.tenant
    begin select raise(abort, 'the id and the tenant of a person never change'); end`,
  `create trigger passkeys_fixed before update on passkeys
    when new.id <> old.id or new.person <> old.person or new.public_key <> old.public_key
    begin select raise(abort, 'a passkey never changes hands'); end`,
  `create trigger codes_used_once before update on codes
    when old.used_at is not null
    begin select raise(abort, 'a code is used once'); end`,
  `create index requests_principal on requests (json_extract(terms_json, '$.onBehalfOf.id'), number)`,
  `create index delegations_principal on delegations (json_extract(on_behalf_of_json, '$.id'), number)`,
  `create index events_principal on events (json_extract(data_json, '$.principal.id'), sequence)`,
  `create index events_person on events (json_extract(data_json, '$.person'), sequence)`,
]

/** How a session began, and which account of the company's provider a person is. */
export const COMPANY_LOGIN_CHANGES: readonly string[] = [
  `alter table sessions add column method text not null default 'passkey' check (method in ('passkey', 'oidc'))`,
  `create table company_logins (
    person text primary key references persons (id),
    issuer text not null,
    subject text not null,
    unique (issuer, subject)
  ) strict`,
  `create trigger company_logins_fixed before update on company_logins
    begin select raise(abort, 'a person stays the same account'); end`,
]
