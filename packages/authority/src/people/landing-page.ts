import { html } from 'hono/html'
import type { Answer } from '../route.ts'

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
}

/**
 * A page without script that goes on to a path of this site by itself. That step begins at this site, so the browser
 * sends the `Strict` cookie of the session along, as it would not on a redirect that began at the provider.
 *
 * @see RFC 6265bis section 5.2
 */
export async function landOn(path: string): Promise<Answer> {
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0;url=${path}">
<title>Signed in</title>
</head>
<body><p>You are signed in. <a href="${path}">Go on</a></p></body>
</html>
`
  return { status: 200, type: 'text/html; charset=utf-8', body: page.toString(), headers: HEADERS }
}
