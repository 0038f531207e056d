import { Button, Stack } from '@mantine/core'
import type { UseMutationResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ProblemAlert } from './problem-alert.tsx'

interface ActionFormProps {
  readonly action: Pick<UseMutationResult<unknown, Error, void>, 'mutate' | 'isPending' | 'error'>
  readonly label: string
  readonly disabled?: boolean
  readonly className?: string
  /** The fields. */
  readonly children: ReactNode
  /** Beside the button. */
  readonly beside?: ReactNode
  /** Below the button. */
  readonly below?: ReactNode
}

/** Fields, what went wrong, and the button that does it; Enter does it as well. */
export function ActionForm(props: ActionFormProps): ReactNode {
  const { action, label, disabled = false, className, children, beside, below } = props
  return (
    <form
      className={className}
      onSubmit={(event) => {
        event.preventDefault()
        action.mutate()
      }}
    >
      <Stack gap="sm">
        {children}
        <ProblemAlert error={action.error} />
        <div className="buttons">
          <Button type="submit" loading={action.isPending} disabled={disabled}>
            {label}
          </Button>
          {beside}
        </div>
        {below}
      </Stack>
    </form>
  )
}
