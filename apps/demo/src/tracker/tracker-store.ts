import { DatabaseSync } from 'node:sqlite'

export interface Account {
  readonly id: string
  readonly projects: readonly string[]
}

export interface Issue {
  readonly number: number
  readonly project: string
  readonly title: string
  readonly state: 'open' | 'closed'
  readonly comments: readonly Comment[]
}

/** Who wrote is the account; which agent typed it stands beside it. */
export interface Comment {
  readonly author: string
  readonly agent: string
  readonly text: string
}

export interface Authorship {
  readonly author: string
  readonly agent: string
}

/** The issue tracker's own data: accounts, their projects, issues and comments, kept in one SQLite file. */
export interface TrackerStore {
  /** The account that this API ties to a principal, or undefined when it knows none. */
  findAccount(principal: { readonly issuer: string; readonly id: string }): Account | undefined
  listIssues(project: string): readonly Issue[]
  findIssue(project: string, number: number): Issue | undefined
  createIssue(project: string, title: string): Issue
  comment(issue: Issue, text: string, by: Authorship): Issue
  close(issue: Issue): Issue
  end(): void
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY) STRICT;
  CREATE TABLE IF NOT EXISTS membership (
    account TEXT NOT NULL REFERENCES account, project TEXT NOT NULL, PRIMARY KEY (account, project)) STRICT;
  CREATE TABLE IF NOT EXISTS principal (
    issuer TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL REFERENCES account,
    PRIMARY KEY (issuer, id)) STRICT;
  CREATE TABLE IF NOT EXISTS issue (
    number INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, title TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open') STRICT;
  CREATE TABLE IF NOT EXISTS comment (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue INTEGER NOT NULL REFERENCES issue,
    author TEXT NOT NULL, agent TEXT NOT NULL, text TEXT NOT NULL) STRICT;
`

/**
 * Opens the tracker's file, making it with two accounts and a few issues when it is new.
 *
 * @param issuer DID of the authority whose principals `alice` and `bob` are this tracker's accounts of the same name
 */
export function openTrackerStore(path: string, issuer: string): TrackerStore {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;')
  db.exec(SCHEMA)
  seed(db, issuer)
  return {
    findAccount: (principal) => findAccount(db, principal),
    listIssues: (project) =>
      db
        .prepare('SELECT number FROM issue WHERE project = ? ORDER BY number')
        .all(project)
        .flatMap((row) => findIssue(db, project, Number(row['number'])) ?? []),
    findIssue: (project, number) => findIssue(db, project, number),
    createIssue: (project, title) => {
      const { lastInsertRowid } = db
        .prepare('INSERT INTO issue (project, title) VALUES (?, ?)')
        .run(project, title)
      return reread(db, { project, number: Number(lastInsertRowid) })
    },
    comment: (issue, text, by) => {
      db.prepare('INSERT INTO comment (issue, author, agent, text) VALUES (?, ?, ?, ?)').run(
        issue.number,
        by.author,
        by.agent,
        text,
      )
      return reread(db, issue)
    },
    close: (issue) => {
      db.prepare("UPDATE issue SET state = 'closed' WHERE number = ?").run(issue.number)
      return reread(db, issue)
    },
    end: () => db.close(),
  }
}

function seed(db: DatabaseSync, issuer: string): void {
  if (db.prepare('SELECT count(*) AS n FROM account').get()?.['n'] !== 0) return
  db.exec(`
    INSERT INTO account VALUES ('alice'), ('bob');
    INSERT INTO membership VALUES ('alice', 'ACME'), ('bob', 'ACME'), ('bob', 'ZETA');
    INSERT INTO issue (project, title) VALUES
      ('ACME', 'The export button does nothing'),
      ('ACME', 'Dates are shown in the wrong time zone'),
      ('ZETA', 'Salary table is off by one row');
  `)
  const tie = db.prepare('INSERT INTO principal (issuer, id, account) VALUES (?, ?, ?)')
  tie.run(issuer, 'alice', 'alice')
  tie.run(issuer, 'bob', 'bob')
}

function findAccount(
  db: DatabaseSync,
  { issuer, id }: { readonly issuer: string; readonly id: string },
): Account | undefined {
  const row = db.prepare('SELECT account FROM principal WHERE issuer = ? AND id = ?').get(issuer, id)
  if (!row) return undefined
  const account = String(row['account'])
  const rows = db.prepare('SELECT project FROM membership WHERE account = ? ORDER BY project').all(account)
  return { id: account, projects: rows.map((each) => String(each['project'])) }
}

function findIssue(db: DatabaseSync, project: string, number: number): Issue | undefined {
  const row = db.prepare('SELECT * FROM issue WHERE project = ? AND number = ?').get(project, number)
  if (!row) return undefined
  const comments = db
    .prepare('SELECT author, agent, text FROM comment WHERE issue = ? ORDER BY id')
    .all(number)
  return {
    number,
    project,
    title: String(row['title']),
    state: row['state'] === 'closed' ? 'closed' : 'open',
    comments: comments.map((each) => ({
      author: String(each['author']),
      agent: String(each['agent']),
      text: String(each['text']),
    })),
  }
}

function reread(db: DatabaseSync, { project, number }: Pick<Issue, 'project' | 'number'>): Issue {
  const issue = findIssue(db, project, number)
  if (!issue) throw new Error(`issue ${number} is gone`)
  return issue
}
