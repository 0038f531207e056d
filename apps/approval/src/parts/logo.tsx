import type { ReactNode } from 'react'

/** The mark of the project. */
export function Logo(): ReactNode {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="currentColor" />
      <path
        d="M9 7v18M9 8h8a4.5 4.5 0 0 1 0 9H9m8 0h1a4 4 0 0 1 0 8H9"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
