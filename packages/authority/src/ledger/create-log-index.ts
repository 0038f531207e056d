import type { DatabaseSync } from 'node:sqlite'
import type { LogEntry } from '@behalf/audit-log'
import { isAccepted, originOf } from '../trace/record-members.ts'
import { recordOf } from './record-terms.ts'

/** What is counted beside the log, so that nobody has to read all of it. */
export interface LogIndex {
  /** The entry is counted, inside its commit. */
  readonly write: (entry: LogEntry) => void
  /** A log from before there was an index is counted. */
  readonly fill: () => void
}

const HOUR_MS = 3_600_000
const SAVE_HOUR = `insert into log_hours (hour, first_index, last_index) values (?, ?, ?)
  on conflict (hour) do update set
    first_index = min(first_index, excluded.first_index), last_index = max(last_index, excluded.last_index)`
const SAVE_USE = `insert into delegation_uses (delegation, origin, uses, last_used_at) values (?, ?, 1, ?)
  on conflict (delegation, origin) do update set
    uses = uses + 1, last_used_at = max(last_used_at, excluded.last_used_at)`
const RECORDS = `(select entry_index, cast(data as text) as record from log_entry where json_valid(cast(data as text)))`
const TIME = `cast(unixepoch(record ->> '$.time', 'subsec') * 1000 as integer)`
const FILL_HOURS = `insert into log_hours (hour, first_index, last_index)
  select ${TIME} / ${HOUR_MS} as hour, min(entry_index), max(entry_index) from ${RECORDS} group by 1`
/** As `originOf` has it. */
const ORIGIN = `case
  when record -> '$.call' is not null
    and substr(record ->> '$.audience', -length(record ->> '$.path')) = record ->> '$.path'
  then substr(record ->> '$.audience', 1, length(record ->> '$.audience') - length(record ->> '$.path'))
  else record ->> '$.audience' end`
const FILL_USES = `insert into delegation_uses (delegation, origin, uses, last_used_at)
  select link.value, ${ORIGIN}, count(*), max(${TIME})
  from ${RECORDS}, json_each(record, '$.delegations') as link
  where record ->> '$.type' in ('request_accepted', 'tool_called')
    and record ->> '$.audience' is not null group by 1, 2`

/** The tables beside the log that say where its hours are, and how often a delegation was used. */
export function createLogIndex(raw: DatabaseSync): LogIndex {
  const saveHour = raw.prepare(SAVE_HOUR)
  const saveUse = raw.prepare(SAVE_USE)
  return {
    write: ({ index, data }) => {
      const record = recordOf(data)
      if (record === undefined) return
      const time = Date.parse(record.time)
      saveHour.run(Math.floor(time / HOUR_MS), index, index)
      const origin = originOf(record)
      if (!isAccepted(record) || origin === undefined) return
      const { delegations } = record
      for (const id of new Set(Array.isArray(delegations) ? delegations : [])) {
        if (typeof id === 'string') saveUse.run(id, origin, time)
      }
    },
    fill: () => {
      if (raw.prepare('select 1 from log_hours').get() !== undefined) return
      raw.exec(`begin immediate; ${FILL_HOURS}; ${FILL_USES}; commit`)
    },
  }
}
