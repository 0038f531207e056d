import { Checkbox, Input, TextInput } from '@mantine/core'
import { type ReactNode, useId } from 'react'
import type { RequestView } from '../api/views.ts'
import { limitUses, type Narrowing, shorterDurations } from '../model/narrowing.ts'
import { durationWords } from '../words/duration.ts'

interface LimitsProps {
  readonly request: RequestView
  readonly narrowing: Narrowing
  readonly choose: (narrowing: Narrowing) => void
}

/** How long, how often and whether to pass on: as asked, or less. */
export function Limits(props: LimitsProps): ReactNode {
  return (
    <div className="narrow-fields">
      <Duration {...props} />
      <Uses {...props} />
      {props.request.max_delegation_depth > 0 && <PassingOn {...props} />}
    </div>
  )
}

function Duration({ request, narrowing, choose }: LimitsProps): ReactNode {
  const id = useId()
  const asked = request.valid_for_seconds
  return (
    <Input.Wrapper id={id} label="How long" description="From the moment you approve">
      <Input
        component="select"
        id={id}
        pointer
        value={narrowing.seconds}
        onChange={(event) => choose({ ...narrowing, seconds: Number(event.currentTarget.value) })}
      >
        {shorterDurations(asked).map((seconds) => (
          <option key={seconds} value={seconds}>
            {seconds === asked ? `${durationWords(seconds)}, as asked` : durationWords(seconds)}
          </option>
        ))}
      </Input>
    </Input.Wrapper>
  )
}

function Uses({ request, narrowing, choose }: LimitsProps): ReactNode {
  const asked = request.max_uses
  return (
    <TextInput
      label="How many requests at most"
      description={asked === undefined ? 'Empty: no limit, as asked' : `It asks for ${asked}`}
      type="number"
      inputMode="numeric"
      min={1}
      max={asked}
      step={1}
      value={narrowing.uses ?? ''}
      onChange={({ currentTarget: { value } }) =>
        choose(limitUses(narrowing, request, value === '' ? undefined : Number(value)))
      }
    />
  )
}

function PassingOn({ request, narrowing, choose }: LimitsProps): ReactNode {
  const asked = request.max_delegation_depth
  return (
    <Checkbox
      label="May pass part of this on to other agents"
      description={`It asks for ${asked === 1 ? 'one step' : `${asked} steps`}. Stopping it stops them all.`}
      checked={narrowing.depth > 0}
      onChange={(event) => choose({ ...narrowing, depth: event.currentTarget.checked ? asked : 0 })}
    />
  )
}
