type OptionalNames<Members> = {
  [Name in keyof Members]: undefined extends Members[Name] ? Name : never
}[keyof Members]

/** The members of an object without those that are undefined: absent, where they might be. */
export type Defined<Members> = {
  readonly [Name in Exclude<keyof Members, OptionalNames<Members>>]: Members[Name]
} & {
  readonly [Name in OptionalNames<Members>]?: Exclude<Members[Name], undefined>
}

/** Returns the object without its members that are undefined. */
export function defined<Members extends object>(members: Members): Defined<Members> {
  const present = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as Defined<Members>
}
