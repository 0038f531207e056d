import { type UseMutationResult, useMutation } from '@tanstack/react-query'
import { announce } from './announce.ts'
import { tellEveryTab } from './tabs.ts'

interface ActionOptions<Input, Output> {
  readonly run: (input: Input) => Promise<Output>
  /** What of the page is out of date afterwards, however it ended. */
  readonly changes: readonly string[]
  /** Said aloud once it is done. */
  readonly said?: string
  readonly done?: (output: Output, input: Input) => void
}

/** Something that a person does and the authority has to agree to. */
export function useAction<Input = void, Output = unknown>({
  run,
  changes,
  said,
  done,
}: ActionOptions<Input, Output>): UseMutationResult<Output, Error, Input> {
  return useMutation({
    mutationFn: run,
    onSettled: () => {
      for (const what of changes) tellEveryTab(what)
    },
    onSuccess: (output, input) => {
      if (said !== undefined) announce(said)
      done?.(output, input)
    },
  })
}
