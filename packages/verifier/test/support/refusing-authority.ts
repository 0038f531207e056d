/** An answer that is a problem with these members. */
export function problem(status: number, members: Readonly<Record<string, string>>): () => Response {
  const headers = { 'content-type': 'application/problem+json' }
  return () => new Response(JSON.stringify({ type: 'about:blank', status, ...members }), { status, headers })
}

/** Answers to a batch in which one of these is; a batch without reports is refused as one. */
export function refusing(
  bad: readonly string[],
  refuse: () => Response,
): (ids: readonly string[]) => Response | undefined {
  const empty = problem(422, { code: 'input_invalid', field: 'records' })
  return (ids) => {
    if (ids.length === 0) return empty()
    return ids.some((id) => bad.includes(id)) ? refuse() : undefined
  }
}
