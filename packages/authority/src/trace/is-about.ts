import type { AuditRecord } from '@behalf/audit-log'
import { enrolmentOf, listOf, memberOf, nameRun, workflowOf } from './record-members.ts'

/** What a story can be about. */
export type SubjectKind = 'request' | 'delegation' | 'enrolment' | 'agent' | 'run' | 'workflow'

/** Whether a record has to do with `KIND:ID`. */
export function isAbout(record: AuditRecord, about: string): boolean {
  const colon = about.indexOf(':')
  const id = about.slice(colon + 1)
  switch (about.slice(0, colon)) {
    case 'request':
      return [record.request, record.request_id].includes(id)
    case 'delegation':
      return [record.delegation, record.parent, record.root, ...listOf(record.delegations)].includes(id)
    case 'enrolment':
      return enrolmentOf(record) === id
    case 'agent':
      return record.subject === id
    case 'run':
      return [memberOf(record.workflow, 'run'), memberOf(record.context, 'run'), record.run].includes(id)
    case 'workflow':
      return nameRun(workflowOf(record)) === id
    default:
      return false
  }
}
