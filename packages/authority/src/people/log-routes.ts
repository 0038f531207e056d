import { parseAuditRecord } from '@behalf/audit-log'
import { encodeUtf8, type JsonObject } from '@behalf/core'
import { decodeDidKey } from '@behalf/did'
import { termOf } from '../ledger/record-terms.ts'
import type { LogSearch } from '../ledger/search-log.ts'
import { json, jsonAnswer } from '../route.ts'
import { collectTrace } from '../trace/collect-trace.ts'
import { serializeTraceBundle } from '../trace/trace-bundle.ts'
import { createReader } from './create-reader.ts'
import { createTraceSource } from './create-trace-source.ts'
import { nameRecords } from './name-records.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { type LogQuery, logQuerySchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import type { Person } from './person.ts'

/** The routes by which people search the log, and read a story with its proofs. */
export function createPersonalLogRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createSearchRoute(context), createTraceRoute(context)]
}

function createSearchRoute(context: PeopleContext): PeopleRoute {
  const { ledger, database } = context
  return definePeopleRoute<undefined, LogQuery>({
    name: 'GET /api/log',
    summary:
      'Records of the log that concern delegations of this person, or approved by this person; all for operators and auditors',
    query: logQuerySchema,
    answers: {
      200: jsonAnswer('At most 50, the latest first; with `before` there may be more', PEOPLE_ANSWERS.log),
    },
    run: async (call) => {
      const { person } = requireSession(call)
      await ledger.settle()
      const search = await readSearch(context, person, call.query)
      const { found, before } = search ? await ledger.search(search) : { found: [] }
      const records = found.map(({ record }) => record)
      return json(200, {
        entries: found.map(({ index, record }) => ({ index, record: { ...record } as JsonObject })),
        ...(await nameRecords(database, person, records)),
        ...(before !== undefined && { before }),
      })
    },
  })
}

/** Nothing is found of a principal whom no record names. */
async function readSearch(
  context: PeopleContext,
  person: Person,
  query: LogQuery,
): Promise<LogSearch | undefined> {
  const { issuer, ledger } = context
  const { principal, from, until, before } = query
  const hash = principal && (await ledger.salts.find({ issuer: issuer.did, id: principal }))
  if (principal !== undefined && hash === undefined) return undefined
  const reader = await createReader(context, person)
  const wanted = { agent: query.agent, principal: hash, api: query.api, run: query.run, code: query.code }
  const kinds = ['agent', 'principal', 'api', 'run', 'code'] as const
  return {
    terms: kinds.flatMap((kind) => (wanted[kind] === undefined ? [] : [termOf(kind, wanted[kind])])),
    among: await reader.terms(),
    from: from === undefined ? undefined : Date.parse(from),
    until: until === undefined ? undefined : Date.parse(until),
    before: before === undefined ? undefined : Number(before),
  }
}

function createTraceRoute(context: PeopleContext): PeopleRoute {
  const { issuer, database } = context
  const key = { name: issuer.did, publicKey: decodeDidKey(issuer.did) }
  return definePeopleRoute({
    name: 'GET /api/traces/{id}',
    summary:
      'What the log has about a request, a delegation, an enrolment, an agent or a run, as far as this person may read it, and what proves it',
    answers: { 200: jsonAnswer('The bundle of `behalf verify-bundle`', PEOPLE_ANSWERS.trace) },
    run: async (call) => {
      const { person } = requireSession(call)
      await context.ledger.settle()
      const source = createTraceSource(context, await createReader(context, person))
      const { bundle, isCut } = await collectTrace(source, call.param, key)
      const records = bundle.entries.map(({ record }) => parseAuditRecord(encodeUtf8(record)))
      return json(200, {
        bundle: serializeTraceBundle(bundle),
        complete: !isCut && !source.isCut(),
        ...(await nameRecords(database, person, records)),
      })
    },
  })
}
