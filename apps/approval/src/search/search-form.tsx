import { Button, Stack, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import type { LogFilter } from '../api/log-api.ts'
import { EVERYTHING } from './search-address.ts'

interface Field {
  readonly name: keyof LogFilter
  readonly label: string
  readonly placeholder?: string
  readonly type?: 'datetime-local'
}

const MINUTE_MS = 60_000
const FIELDS: readonly Field[] = [
  { name: 'agent', label: 'Agent', placeholder: 'did:key:z6Mk…' },
  { name: 'principal', label: 'On behalf of', placeholder: 'Id of a person' },
  { name: 'api', label: 'API', placeholder: 'https://api.example' },
  { name: 'run', label: 'Run of a workflow' },
  { name: 'code', label: 'Code', placeholder: 'ok, or why it was refused' },
  { name: 'from', label: 'From', type: 'datetime-local' },
  { name: 'until', label: 'Until', type: 'datetime-local' },
]

interface SearchFormProps {
  /** What is looked for now. */
  readonly filter: LogFilter
  readonly onSearch: (filter: LogFilter) => void
}

/** What is looked for; an id leads to its story at once. */
export function SearchForm({ filter, onSearch }: SearchFormProps): ReactNode {
  const [entered, setEntered] = useState(() => toEntered(filter))
  const [shown, setShown] = useState(filter)
  if (filter !== shown) {
    setShown(filter)
    setEntered(toEntered(filter))
  }
  return (
    <div className="card">
      <IdForm />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onSearch(toFilter(entered))
        }}
      >
        <Stack gap="sm" mt="md">
          <div className="narrow-fields">
            {FIELDS.map(({ name, label, placeholder, type = 'text' }) => (
              <TextInput
                key={name}
                label={label}
                placeholder={placeholder}
                type={type}
                value={entered[name]}
                onChange={({ currentTarget: { value } }) => setEntered({ ...entered, [name]: value })}
              />
            ))}
          </div>
          <div className="buttons">
            <Button type="submit">Search</Button>
            <Button
              variant="default"
              onClick={() => {
                setEntered(EVERYTHING)
                onSearch(EVERYTHING)
              }}
            >
              Clear
            </Button>
          </div>
        </Stack>
      </form>
    </div>
  )
}

function IdForm(): ReactNode {
  const [id, setId] = useState('')
  const [, navigate] = useLocation()
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (id.trim() !== '') navigate(`/trace/${encodeURIComponent(id.trim())}`)
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Request, delegation, agent or run"
          description="The Request-Id of an API’s answer, for example: it leads to the whole story."
          value={id}
          onChange={({ currentTarget: { value } }) => setId(value)}
        />
        <div className="buttons">
          <Button type="submit" variant="default">
            Tell its story
          </Button>
        </div>
      </Stack>
    </form>
  )
}

/** Times are entered as they are here. */
function toFilter(entered: LogFilter): LogFilter {
  const trimmed = Object.entries(entered).map(
    ([name, value]: [string, string]) => [name, value.trim()] as const,
  )
  const { from, until, ...others } = { ...entered, ...Object.fromEntries(trimmed) }
  return { ...others, from: toTime(from), until: toTime(until) }
}

function toTime(local: string): string {
  return local === '' ? '' : new Date(local).toISOString()
}

function toEntered({ from, until, ...others }: LogFilter): LogFilter {
  return { ...others, from: toLocal(from), until: toLocal(until) }
}

/** As a field for a time has it: to the minute, in the zone of the browser. */
function toLocal(time: string): string {
  const at = Date.parse(time)
  if (Number.isNaN(at)) return ''
  const offset = new Date(at).getTimezoneOffset() * MINUTE_MS
  return new Date(at - offset).toISOString().slice(0, 'YYYY-MM-DDTHH:MM'.length)
}
