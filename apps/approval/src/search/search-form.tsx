import { Button, Stack, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import type { LogFilter } from '../api/log-api.ts'

interface Field {
  readonly name: keyof LogFilter
  readonly label: string
  readonly placeholder?: string
  readonly type?: 'datetime-local'
}

const FIELDS: readonly Field[] = [
  { name: 'agent', label: 'Agent', placeholder: 'did:key:z6Mk…' },
  { name: 'principal', label: 'On behalf of', placeholder: 'Id of a person' },
  { name: 'api', label: 'API', placeholder: 'https://api.example' },
  { name: 'run', label: 'Run of a workflow' },
  { name: 'code', label: 'Code', placeholder: 'ok, or why it was refused' },
  { name: 'from', label: 'From', type: 'datetime-local' },
  { name: 'until', label: 'Until', type: 'datetime-local' },
]
const EMPTY: LogFilter = { agent: '', principal: '', api: '', run: '', code: '', from: '', until: '' }

/** What is looked for; an id leads to its story at once. */
export function SearchForm({ onSearch }: { readonly onSearch: (filter: LogFilter) => void }): ReactNode {
  const [entered, setEntered] = useState(EMPTY)
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
                setEntered(EMPTY)
                onSearch(EMPTY)
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
