/** The tables about notices, one statement each, in order. */
export const NOTICE_TABLES: readonly string[] = [
  `create table notice_targets (
    number integer primary key,
    id text not null unique,
    person text not null references persons (id),
    kind text not null check (kind in ('webhook', 'push')),
    address text not null,
    keys_json text check (json_valid(keys_json)),
    events_json text not null check (json_valid(events_json)),
    created_at integer not null,
    failures integer not null default 0,
    retry_at integer not null default 0,
    last_delivered_at integer,
    last_failed_at integer,
    last_failure text,
    disabled_at integer,
    unique (person, kind, address),
    check ((kind = 'push') = (keys_json is not null)),
    check ((last_failed_at is null) = (last_failure is null))
  ) strict`,
  `create table notices (
    number integer primary key,
    id text not null unique,
    target text not null references notice_targets (id) on delete cascade,
    type text not null,
    about text not null,
    data_json text not null check (json_valid(data_json)),
    created_at integer not null,
    expires_at integer,
    attempts integer not null default 0,
    settled_at integer,
    unique (target, type, about)
  ) strict`,
  `create index notices_due on notices (target, attempts, number) where settled_at is null`,
  `create index notices_settled on notices (settled_at) where settled_at is not null`,
  `create table notice_sweep (
    id integer primary key check (id = 1),
    swept_until integer not null
  ) strict`,
  `create index requests_expiry on requests (expires_at) where status = 'pending'`,
]
