import { CommandError } from '../error.ts'

/**
 * The URL of an MCP endpoint, in the one spelling that delegations have.
 *
 * @throws CommandError `input_invalid`
 */
export function readEndpointUrl(text: string): string {
  const url = URL.parse(text)
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === ''
  if (isPlain && url.href === text && /^https?:$/u.test(url.protocol)) return text
  throw new CommandError('input_invalid', `${JSON.stringify(text)} is not the URL of an endpoint`, {
    next: 'write it in full, as delegations name it, like https://mcp.example.com/mcp',
  })
}
