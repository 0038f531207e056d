import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { describe, expect, test } from 'vitest'
import { closeDatabase } from '../src/authority-database.ts'
import type { AuthorityDatabase, AuthorityTables } from '../src/database-schema.ts'
import { openDatabase } from '../src/index.ts'
import { MIGRATIONS, migrate } from '../src/migrations.ts'
import { NodeSqliteDialect } from '../src/sqlite-dialect.ts'
import { temporaryFolder, whenDone } from './support/authority-world.ts'

/** Those that have run somewhere. What comes later is added behind them, under a name that sorts behind theirs. */
const KNOWN = [
  '2026_11_first',
  '2026_11_policy',
  '2026_12_approvals',
  '2026_12_flood',
  '2026_12_people',
  '2026_12_people_company_login',
  '2026_12_people_notices',
  '2026_12_record_log',
  '2026_12_revocation',
  '2026_12_workload',
  '2027_01_tokens',
  '2027_01_written_lists',
  '2027_02_trace',
  '2027_03_suspension',
  '2027_03_suspension_changes',
  '2027_04_auditors',
]
const refused = expect.objectContaining({ code: 'database_migration_failed' })

function open(path: string): { raw: DatabaseSync; database: AuthorityDatabase } {
  const raw = openDatabase(path)
  const database = new Kysely<AuthorityTables>({ dialect: new NodeSqliteDialect(raw) })
  whenDone(async () => {
    await database.destroy()
    if (raw.isOpen) raw.close()
  })
  return { raw, database }
}

function tables(raw: DatabaseSync): readonly string[] {
  const rows = raw.prepare("select name from sqlite_schema where type = 'table' order by name").all()
  return rows.map(({ name }) => String(name)).filter((name) => !name.startsWith('sqlite_'))
}

function columnsOf(raw: DatabaseSync, table: string): readonly string[] {
  const rows = raw.prepare('select name from pragma_table_info(?) order by name').all(table)
  return rows.map(({ name }) => String(name))
}

function pick(...names: readonly string[]): Record<string, Migration> {
  return Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => names.includes(name)))
}

async function createMigrated(): Promise<{ raw: DatabaseSync; database: AuthorityDatabase; path: string }> {
  const path = join(temporaryFolder(), 'authority.db')
  const opened = open(path)
  await migrate(opened.database)
  return { ...opened, path }
}

const BREAKING: Migration = {
  up: async (database) => {
    await sql`create table half_done (a integer) strict`.execute(database)
    await sql`insert into events (time, type, data_json) values (1, 'x', '{}')`.execute(database)
    throw new Error('cut off')
  },
}

describe('migrations', () => {
  test('make every table, each strict', async () => {
    const { raw } = await createMigrated()
    const made = tables(raw).filter((name) => !name.startsWith('kysely_'))
    expect(made).toEqual([
      'apis',
      'approval_drafts',
      'auditors',
      'authority',
      'ceremonies',
      'codes',
      'company_logins',
      'delegation_uses',
      'delegations',
      'enrolments',
      'events',
      'log_hours',
      'notice_sweep',
      'notice_targets',
      'notices',
      'operators',
      'passkeys',
      'persons',
      'principal_salts',
      'publication',
      'question_counts',
      'request_evidence',
      'requests',
      'revoked_keys',
      'sessions',
      'signed_status_lists',
      'status_lists',
      'status_positions',
      'suspension_lists',
      'token_keys',
      'token_links',
      'tokens',
      'workload_proofs',
    ])
    const strict = raw.prepare('select name, strict from pragma_table_list where schema = ?').all('main')
    for (const name of made) expect(strict).toContainEqual({ name, strict: 1 })
  })

  test('run once', async () => {
    const { raw, database, path } = await createMigrated()
    await migrate(database)
    await closeDatabase(database)
    expect(raw.isOpen).toBe(false)
    const again = open(path)
    await migrate(again.database)
    expect(again.raw.prepare('select name from kysely_migration').all()).toEqual(
      Object.keys(MIGRATIONS).map((name) => ({ name })),
    )
  })

  test('give the question for one person its name, from when there were no others', async () => {
    const { raw, database } = open(join(temporaryFolder(), 'authority.db'))
    await migrate(database, pick('2026_11_first'))
    const insert = raw.prepare(`insert into requests
      (id, version, agent, terms_json, policy_json, status, requested_at, expires_at)
      values (?, 1, 'did:key:z1', '{}', ?, 'pending', 1, 2)`)
    for (const decision of ['ask', 'refuse']) insert.run(decision, JSON.stringify({ id: 'p', decision }))
    await migrate(database)
    expect(raw.prepare('select policy_json from requests order by number').all()).toEqual([
      { policy_json: '{"id":"p","decision":"ask-one"}' },
      { policy_json: '{"id":"p","decision":"refuse"}' },
    ])
  })

  test('have names that sort in the order in which they are applied, new ones last', () => {
    const names = Object.keys(MIGRATIONS)
    expect(names).toEqual(names.toSorted())
    expect(names.slice(0, KNOWN.length)).toEqual(KNOWN)
  })

  test.each([
    ['without bounds on floods', ['2026_11_first', '2026_11_policy', '2026_12_approvals', '2026_12_people']],
    ['without notices', KNOWN.filter((name) => name !== '2026_12_people_notices')],
    ['without a company login', KNOWN.slice(0, 5)],
  ])('bring a database from a time %s to this one', async (_, names) => {
    const { raw, database } = open(join(temporaryFolder(), 'authority.db'))
    await migrate(database, pick(...names))
    raw.prepare("insert into events (time, type, data_json) values (1, 'policy_loaded', '{}')").run()
    await migrate(database)
    const { raw: fresh } = await createMigrated()
    expect(tables(raw)).toEqual(tables(fresh))
    expect(columnsOf(raw, 'requests')).toEqual(columnsOf(fresh, 'requests'))
    expect(raw.prepare('select count(*) as count from events').get()).toEqual({ count: 1 })
  })

  test('happen whole or not at all', async () => {
    const { raw, database } = await createMigrated()
    const before = tables(raw)
    const withBreaking = { ...MIGRATIONS, '9999_breaking': BREAKING }
    await expect(migrate(database, withBreaking)).rejects.toThrow(refused)
    expect(tables(raw)).toEqual(before)
    expect(raw.prepare('select count(*) as count from events').get()).toEqual({ count: 0 })
    await migrate(database)
  })

  test('of which a later one fails leave the earlier ones undone too', async () => {
    const { raw, database } = open(join(temporaryFolder(), 'authority.db'))
    await expect(migrate(database, { ...MIGRATIONS, '9999_breaking': BREAKING })).rejects.toThrow(refused)
    expect(tables(raw).filter((name) => !name.startsWith('kysely_'))).toEqual([])
    await migrate(database)
    expect(tables(raw)).toContain('events')
  })

  test('of a newer version are not run over', async () => {
    const { database } = await createMigrated()
    await migrate(database, { ...MIGRATIONS, '9999_newer': { up: async () => {} } })
    await expect(migrate(database)).rejects.toThrow(refused)
  })

  test.each([1, 5, 12, 25])('killed after statement %i begin again cleanly', async (statements) => {
    const path = join(temporaryFolder(), 'authority.db')
    const killed = spawnSync(
      process.execPath,
      [
        '--conditions=behalf-source',
        '--disable-warning=ExperimentalWarning',
        join(import.meta.dirname, 'support', 'migrate-and-die.ts'),
        path,
        String(statements),
      ],
      { encoding: 'utf8' },
    )
    expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', ''])
    const { raw, database } = open(path)
    expect(tables(raw).filter((name) => !name.startsWith('kysely_'))).toEqual([])
    await migrate(database)
    expect(tables(raw)).toContain('events')
  })
})

describe('what the tables refuse, whoever asks', () => {
  test.each([
    ['an event is changed', `update events set data_json = '{"other":1}'`, 'append-only'],
    ['an event is deleted', 'delete from events', 'append-only'],
    [
      'an event is replaced',
      "insert or replace into events (sequence, time, type, data_json) values (1, 1, 'x', '{}')",
      'append-only',
    ],
    [
      'a number is skipped',
      "insert into events (sequence, time, type, data_json) values (9, 1, 'x', '{}')",
      'gaps',
    ],
    [
      'a number is below one',
      "insert into events (sequence, time, type, data_json) values (0, 1, 'x', '{}')",
      'gaps',
    ],
    ['a key is revived', "delete from revoked_keys where agent = 'did:key:z1'", 'stays revoked'],
    ['a revocation is rewritten', "update revoked_keys set reason = 'none'", 'stays revoked'],
    [
      'a revocation is replaced',
      "insert or replace into revoked_keys values ('did:key:z1', 2, 'x', null)",
      'stays revoked',
    ],
    [
      'a delegation is revived',
      'update delegations set revoked_at = null, revoked_by = null',
      'changes once',
    ],
    ['a delegation is moved', 'update delegations set list_index = 8', 'changes once'],
    ['a delegation is forgotten', 'delete from delegations', 'never forgotten'],
    ['a place is given up', 'delete from status_positions', 'given once'],
    ['a place is moved', 'update status_positions set list_index = 9', 'given once'],
    ['a place is given twice', 'insert into status_positions values (1, 7)', 'UNIQUE'],
    ['a place is beyond the list', 'insert into status_positions values (1, 131072)', 'CHECK'],
    ['a place is before the list', 'insert into status_positions values (1, -1)', 'CHECK'],
    ['a list goes back', 'update status_lists set version = 1', 'never goes back'],
    ['a list changes under its version', "update status_lists set jws = 'other'", 'never goes back'],
    ['a list is forgotten', 'delete from status_lists', 'never forgotten'],
    ['a list of suspensions goes back', 'update suspension_lists set version = 1', 'never goes back'],
    [
      'a list of suspensions changes under its version',
      "update suspension_lists set jws = 'other'",
      'never goes back',
    ],
    ['a list of suspensions is forgotten', 'delete from suspension_lists', 'never forgotten'],
    [
      'a revoked delegation rests or goes on',
      "update delegations set suspended_at = 1, suspended_by = 'x'",
      'changes once',
    ],
    ['a sequence goes back', 'update publication set sequence = 4', 'never go back'],
    ['a sequence stands still', "update publication set sequence = 5, jws = 'other'", 'never go back'],
    ['an epoch goes back', 'update publication set epoch = 0, sequence = 9', 'never go back'],
    ['a publication is forgotten', 'delete from publication', 'never forgotten'],
    ['the issuer changes', "update authority set issuer = 'did:key:z2'", 'one issuer'],
    ['a text stands where a number belongs', "update requests set version = 'one'", 'cannot store TEXT'],
    ['what is no JSON stands where JSON belongs', "update requests set terms_json = '{'", 'CHECK'],
    [
      'a request is approved without a delegation',
      "update requests set status = 'approved', decided_at = 1",
      'CHECK',
    ],
    [
      'a request is answered by no delegation',
      "update requests set status = 'approved', decided_at = 1, delegation_id = 'none'",
      'FOREIGN KEY',
    ],
  ])('%s', async (_name, statement, why) => {
    const { raw } = await createMigrated()
    seed(raw)
    expect(() => raw.exec(statement)).toThrow(why)
  })

  test('a delegation is revoked once', async () => {
    const { raw } = await createMigrated()
    seed(raw)
    expect(() => raw.exec("update delegations set revoked_at = 2, revoked_by = 'x'")).toThrow('changes once')
  })
})

function seed(raw: DatabaseSync): void {
  raw.exec(`
    insert into authority values (1, 'did:key:z0', 1);
    insert into events (time, type, data_json) values (1, 'requested', '{}');
    insert into events (time, type, data_json) values (2, 'denied', '{}');
    insert into revoked_keys values ('did:key:z1', 1, 'did:key:z9', null);
    insert into status_lists values (1, 2, 'jws', 'digest', 1, 2, 1, 2, '[]');
    insert into suspension_lists values (1, 2, 'jws', 'digest', 1, 2, '[]');
    insert into status_positions values (1, 7), (1, 8);
    insert into publication values (1, 1, 5, 'jws', 1);
    insert into requests (id, version, agent, terms_json, policy_json, status, requested_at, expires_at)
      values ('r', 1, 'did:key:z1', '{}', '{}', 'pending', 1, 2);
    insert into delegations (id, root_id, delegator, subject, on_behalf_of_json, valid_from, valid_until, list,
        list_index, payload_json, request_id, jws, evidence_json, created_at, revoked_at, revoked_by)
      values ('d', 'd', 'did:key:z0', 'did:key:z1', '{}', 1, 2, 1, 7, '{}', 'r', 'jws', '{}', 1, 1, 'did:key:z9');
  `)
}
