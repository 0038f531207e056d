import { canonicalizeJson, digestSha256, type JsonObject } from '@behalf/core'

/**
 * The digest of a tool's definition, as a capability pins it: over the canonical spelling of everything that
 * `tools/list` says of the tool, `_meta` apart.
 *
 * @param definition one element of `tools`, as it came
 * @returns `sha-256:` and base64url
 * @throws CoreError for a number that JSON cannot carry, or a lone surrogate
 * @see RFC 8785, MCP (Tool)
 */
export function digestToolDefinition(definition: JsonObject): string {
  const { _meta: _, ...said } = definition
  return digestSha256(canonicalizeJson(said))
}
