/** The call is answered with this status. */
export async function expectStatus(status: number, asked: Promise<Response>): Promise<void> {
  const response = await asked
  const text = await response.text()
  if (response.status !== status) throw new Error(`answered with ${response.status}: ${text}`)
}

/** The call is refused, and not for a fault. */
export async function expectRefused(asked: Promise<Response>): Promise<void> {
  const response = await asked
  const text = await response.text()
  if (response.status < 400 || response.status > 499)
    throw new Error(`answered with ${response.status}: ${text}`)
}

/** What was asked for is not done. */
export async function expectRefusal(asked: Promise<unknown>): Promise<void> {
  const outcome = await asked.then(
    () => 'done',
    () => undefined,
  )
  if (outcome !== undefined) throw new Error('what should have been refused was done')
}
