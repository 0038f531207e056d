const ASCII = /^[\x20-\x7e]*$/

/** The names of one object, compared without regard to case. */
export class MemberNames {
  readonly #object: object
  #folded: Set<string> | undefined

  /** @param object holds the names added so far that are spelled in their folded form */
  constructor(object: object) {
    this.#object = object
  }

  /** Adds a name; `false` when it is there already, in whatever case. */
  add(name: string): boolean {
    const folded = foldCase(name)
    if (folded in this.#object || this.#folded?.has(folded) === true) return false
    if (folded === name) return true
    this.#folded ??= new Set()
    this.#folded.add(folded)
    return true
  }
}

function foldCase(name: string): string {
  const lower = name.toLowerCase()
  // Lower case alone would keep "ſ" (U+017F) and "s" apart, which parsers that fold case do not.
  return ASCII.test(lower) ? lower : lower.toUpperCase().toLowerCase()
}
