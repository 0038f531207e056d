/** The calls of the page for people, as a browser on that page makes them: with its cookie and the token against CSRF. */
export interface PageSession {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: object): Promise<T>
}

/**
 * Opens the page's API without a browser. The session that a call begins is kept for the next.
 *
 * @param origin of the authority
 */
export function openPageSession(origin: string): PageSession {
  const session: { cookie?: string; csrf?: string } = {}
  const call = async <T>(path: string, init: RequestInit): Promise<T> => {
    const headers = {
      ...(session.cookie === undefined ? {} : { Cookie: session.cookie }),
      ...(session.csrf === undefined ? {} : { 'X-CSRF-Token': session.csrf }),
      ...(init.method === 'POST' ? { Origin: origin, 'Content-Type': 'application/json' } : {}),
    }
    const response = await fetch(`${origin}${path}`, { ...init, headers })
    const answer = (await response.json()) as T & { readonly csrf?: string }
    if (!response.ok) throw new Error(`${init.method} ${path} was refused: ${JSON.stringify(answer)}`)
    const [cookie] = response.headers.getSetCookie()
    if (cookie !== undefined) session.cookie = cookie.split(';')[0] ?? ''
    if (answer.csrf !== undefined) session.csrf = answer.csrf
    return answer
  }
  return {
    get: (path) => call(path, { method: 'GET' }),
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
  }
}
