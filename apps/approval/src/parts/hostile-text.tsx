import type { ReactNode } from 'react'
import { safeText } from '../words/safe-text.ts'

interface HostileTextProps {
  readonly text: string
  readonly maxLength?: number
}

/** A text that somebody else chose, inside a sentence of ours: quoted, coloured, cut, and kept in its own direction. */
export function HostileText({ text, maxLength = 120 }: HostileTextProps): ReactNode {
  return (
    <q className="hostile">
      <bdi>{safeText(text, maxLength)}</bdi>
    </q>
  )
}

/** A longer text that somebody else chose, with a line that says whose words it is. */
export function HostileBlock({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  return (
    <figure className="hostile-block">
      <figcaption className="hostile-label">{label}</figcaption>
      <bdi>{safeText(text)}</bdi>
    </figure>
  )
}
