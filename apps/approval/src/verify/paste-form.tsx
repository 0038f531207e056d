import { Button, FileButton, Stack, Textarea } from '@mantine/core'
import { type ReactNode, useState } from 'react'

interface PasteFormProps {
  readonly pending: boolean
  readonly onCheck: (text: string) => void
  /** What was found before is about another text. */
  readonly onChange: () => void
}

/** Where a delegation is pasted, or opened from a file. */
export function PasteForm({ pending, onCheck, onChange }: PasteFormProps): ReactNode {
  const [text, setText] = useState('')
  const set = (pasted: string): void => {
    setText(pasted)
    onChange()
  }
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault()
        onCheck(text)
      }}
    >
      <Stack gap="sm">
        <Textarea
          label="Delegation, bundle or evidence"
          description="A compact JWS (three parts with dots), or the JSON that an agent was handed. It is checked in this browser and sent nowhere."
          required
          rows={7}
          spellCheck={false}
          autoComplete="off"
          classNames={{ input: 'mono' }}
          value={text}
          onChange={(event) => set(event.currentTarget.value)}
        />
        <div className="buttons">
          <Button type="submit" loading={pending}>
            Check it
          </Button>
          <FileButton
            onChange={(file) => void file?.text().then(set)}
            accept="application/json,.json,.jwt,.txt"
          >
            {({ onClick }) => (
              <Button variant="default" onClick={onClick}>
                Open a file
              </Button>
            )}
          </FileButton>
        </div>
      </Stack>
    </form>
  )
}
