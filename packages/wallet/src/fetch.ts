/** What sends a request: the global fetch, or one like it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>
