import { type Context, createContext, useContext } from 'react'
import type { PersonView } from './api/views.ts'

/** Who the pages are for. */
export const PersonContext: Context<PersonView | undefined> = createContext<PersonView | undefined>(undefined)

/** Who is signed in. @throws Error outside the pages behind a session */
export function usePerson(): PersonView {
  const person = useContext(PersonContext)
  if (person === undefined) throw new Error('This part is shown to people who are signed in')
  return person
}
