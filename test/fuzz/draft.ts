/** One request before it is handed to a verifier; mutations change it in place. Characters are bytes. */
export interface Draft {
  method: string
  target: string
  headers: [name: string, value: string][]
  body: Uint8Array
}

/** A draft that can be changed without changing the one it comes from. */
export function copyDraft(draft: Draft): Draft {
  return { ...draft, headers: draft.headers.map(([name, value]) => [name, value]) }
}

/** The first line of this name, in any case; its value can be assigned. */
export function findLine(draft: Draft, name: string): [name: string, value: string] | undefined {
  return draft.headers.find((line) => line[0].length === name.length && line[0].toLowerCase() === name)
}

/** Replaces the value of the first line of this name, or adds the line. */
export function setLine(draft: Draft, name: string, value: string): void {
  const line = findLine(draft, name.toLowerCase())
  if (line === undefined) draft.headers.push([name, value])
  else line[1] = value
}

/** Removes every line of this name. */
export function dropLines(draft: Draft, name: string): void {
  draft.headers = draft.headers.filter(([key]) => key.toLowerCase() !== name)
}

/** The values of all lines of this name, without the white space that HTTP takes away. */
export function lineValues(draft: Draft, name: string): readonly string[] {
  return draft.headers.flatMap(([key, value]) =>
    key.toLowerCase() === name ? [value.replace(/^[ \t]+|[ \t]+$/g, '')] : [],
  )
}
