import { Checkbox, Input, Stack } from '@mantine/core'
import { type ReactNode, useId, useState } from 'react'
import type { EnrolBody } from '../api/approvals-api.ts'
import { serverNow } from '../api/server-clock.ts'
import { durationWords } from '../words/duration.ts'

const LENGTHS_SECONDS = [3600, 28_800, 86_400, 7 * 86_400, 30 * 86_400]

interface EnrolChoiceProps {
  readonly greatestSeconds: number
  readonly choose: (enrol: EnrolBody | undefined) => void
}

/** "Allow this agent these terms by itself", with an end. */
export function EnrolChoice({ greatestSeconds, choose }: EnrolChoiceProps): ReactNode {
  const [on, setOn] = useState(false)
  const [length, setLength] = useState(28_800)
  const id = useId()
  const tell = (isOn: boolean, seconds: number): void => {
    setOn(isOn)
    setLength(seconds)
    const until = new Date(serverNow() + seconds * 1000).toISOString()
    choose(isOn ? { valid_until: until, max_seconds: greatestSeconds } : undefined)
  }
  return (
    <Stack gap="sm" className="card">
      <Checkbox
        checked={on}
        onChange={(event) => tell(event.currentTarget.checked, length)}
        label="From now on, allow this agent these terms by itself"
        description={`Without asking you again, ${durationWords(greatestSeconds)} at a time. You can take it back under Settings.`}
      />
      {on && (
        <Input.Wrapper id={id} label="Until">
          <Input
            component="select"
            id={id}
            pointer
            value={length}
            onChange={(event) => tell(true, Number(event.currentTarget.value))}
          >
            {LENGTHS_SECONDS.map((seconds) => (
              <option key={seconds} value={seconds}>
                {durationWords(seconds)} from now
              </option>
            ))}
          </Input>
        </Input.Wrapper>
      )}
    </Stack>
  )
}
