import type { ReactNode } from 'react'
import { HostileText } from './hostile-text.tsx'

/** An agent in a sentence: its own name in quotes, or that it gave none. */
export function AgentName({ name }: { readonly name: string | undefined }): ReactNode {
  return name === undefined ? 'An agent without a name' : <HostileText text={name} maxLength={80} />
}
