/** What tokens are kept in. */
export const TOKEN_TABLES: readonly string[] = [
  // The numbers go on after the highest one ever, so a place in a list is never given twice.
  `create table tokens (
    number integer primary key autoincrement,
    id text not null unique,
    agent text not null,
    audience text not null,
    issued_at integer not null,
    expires_at integer not null,
    list integer not null,
    list_index integer not null check (list_index between 0 and 131071),
    revoked_at integer,
    revoked_by text,
    unique (list, list_index),
    check ((revoked_at is null) = (revoked_by is null))
  ) strict`,
  `create index tokens_revoked on tokens (list) where revoked_at is not null`,
  // The place of each delegation that a token stands on, 0 for the root.
  `create table token_links (
    delegation text not null references delegations (id),
    token integer not null references tokens (number) on delete cascade,
    link integer not null,
    primary key (delegation, token)
  ) strict, without rowid`,
  `create index token_links_token on token_links (token)`,
  `create index delegations_of_subject on delegations (subject)`,
  `create index delegations_stopped on delegations (valid_until) where revoked_at is not null`,
  `create trigger tokens_fixed before update on tokens
    when old.revoked_at is not null or new.id <> old.id or new.list <> old.list
      or new.list_index <> old.list_index or new.expires_at <> old.expires_at
    begin select raise(abort, 'a token changes once: when it is revoked'); end`,
  `create table token_keys (
    number integer primary key,
    published_at integer not null,
    retired_at integer
  ) strict`,
  `create trigger token_keys_no_delete before delete on token_keys
    begin select raise(abort, 'a token key is never forgotten'); end`,
  `create trigger token_keys_fixed before update on token_keys
    when old.retired_at is not null or new.number <> old.number or new.published_at <> old.published_at
    begin select raise(abort, 'a token key changes once: when it is retired'); end`,
]
