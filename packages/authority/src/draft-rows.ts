import type { JsonValue } from '@behalf/core'
import { type ApprovedEnrolment, parseApprovalAssertion } from '@behalf/credential'
import type { ApprovalDraft, DraftedRoot, IssuerTransaction } from '@behalf/issuer'
import type { Insertable, Selectable } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from './database-schema.ts'
import { optional, readJsonColumn, readList, readNumber, readObject, readText } from './json-column.ts'

type DraftPart = Pick<
  IssuerTransaction,
  'insertDraft' | 'findDraft' | 'deleteDraft' | 'countDrafts' | 'deleteExpiredDrafts'
>

/** The part of an issuer's transaction that keeps approvals which were begun. */
export function createDraftRows(db: AuthorityDatabase): DraftPart {
  return {
    insertDraft: async (draft) => {
      await db.insertInto('approval_drafts').values(toRow(draft)).execute()
    },
    findDraft: async (id) => {
      const row = await db.selectFrom('approval_drafts').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row)
    },
    deleteDraft: async (id) => {
      await db.deleteFrom('approval_drafts').where('id', '=', id).execute()
    },
    countDrafts: async (person) => {
      const { count } = await db
        .selectFrom('approval_drafts')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('person', '=', person)
        .executeTakeFirstOrThrow()
      return count
    },
    deleteExpiredDrafts: async (now) => {
      await db.deleteFrom('approval_drafts').where('expires_at', '<=', now).execute()
    },
  }
}

function toRow(draft: ApprovalDraft): Insertable<AuthorityTables['approval_drafts']> {
  const { roots, renderer, sentences, enrolment, nonce, needs, given } = draft
  return {
    id: draft.id,
    person: draft.person ?? null,
    half: draft.half ?? null,
    expires_at: draft.expiresAt,
    draft_json: JSON.stringify({ roots, renderer, sentences, enrolment, nonce, needs, given }),
  }
}

function fromRow(row: Selectable<AuthorityTables['approval_drafts']>): ApprovalDraft {
  const draft = readJsonColumn(row.draft_json)
  return {
    id: row.id,
    ...optional('person', row.person),
    ...optional('half', row.half),
    roots: readList(draft['roots']).map(readRoot),
    renderer: readNumber(draft['renderer']),
    sentences: readList(draft['sentences']).map((list) => readList(list).map(readText)),
    ...(draft['enrolment'] !== undefined && { enrolment: readEnrolment(draft['enrolment']) }),
    nonce: readText(draft['nonce']),
    needs: readNumber(draft['needs']) === 2 ? 2 : 1,
    given: readList(draft['given']).map(parseApprovalAssertion),
    expiresAt: row.expires_at,
  }
}

function readEnrolment(value: JsonValue): ApprovedEnrolment {
  const { valid_until, max_seconds } = readObject(value)
  return { valid_until: readText(valid_until), max_seconds: readNumber(max_seconds) }
}

function readRoot(value: JsonValue): DraftedRoot {
  const { request, payload, status } = readObject(value)
  const { id, version } = readObject(request)
  const { list, index } = readObject(status)
  return {
    request: { id: readText(id), version: readNumber(version) },
    payload: readObject(payload),
    status: { list: readNumber(list), index: readNumber(index) },
  }
}
