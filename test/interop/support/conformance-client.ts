import { createEd25519Signer, digestSha256, systemRandomBytes } from '@behalf/core'
import { createDelegationPayload, type McpCapability, signDelegation } from '@behalf/credential'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { digestToolDefinition } from '@behalf/mcp'
import { createMcpClient } from '@behalf/mcp/client'
import { createMemoryWallet } from '@behalf/wallet'

// The client that the conformance suite starts, with the address of its server as the last argument. That server does
// not verify anything, so a delegation of an issuer that was made up here is enough.

/** The tool that a scenario wants called. */
const CALLS: Readonly<
  Record<string, { readonly name: string; readonly arguments: Record<string, unknown> }>
> = {
  tools_call: { name: 'add_numbers', arguments: { a: 5, b: 3 } },
  'elicitation-sep1034-client-defaults': { name: 'test_client_elicitation_defaults', arguments: {} },
  'sse-retry': { name: 'test_reconnection', arguments: {} },
}

const url = new URL(process.argv.at(-1) ?? '').href
const signer = createEd25519Signer(systemRandomBytes(32))
const issuer = encodeDidKey(signer.publicKey)
const wallet = createMemoryWallet()

await receive({ type: 'mcp', locations: [url], actions: ['tools/call', 'tools/list'] }, 1)
const client = await createMcpClient(wallet, url, {
  client: { capabilities: { elicitation: { form: { applyDefaults: true } } } },
})
client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }))
const { tools } = await client.listTools()
const { [process.env.MCP_CONFORMANCE_SCENARIO ?? '']: call } = CALLS
if (call !== undefined) {
  const definitions = JSON.parse(JSON.stringify(tools)) as readonly { readonly name: string }[]
  const pins = Object.fromEntries(definitions.map((tool) => [tool.name, digestToolDefinition({ ...tool })]))
  await receive({ type: 'mcp', locations: [url], actions: ['tools/call', 'tools/list'], tools: pins }, 2)
  await client.callTool(call)
}
await client.close()

async function receive(capability: McpCapability, index: number): Promise<void> {
  const list = 'https://authority.test/status/lists/1'
  const now = Date.now()
  const payload = createDelegationPayload(
    {
      id: `urn:uuid:00000000-0000-4000-8000-00000000000${index}`,
      issuer,
      subject: wallet.did,
      onBehalfOf: { id: 'person-7' },
      capabilities: [capability],
      maxDelegationDepth: 0,
      validFrom: now - 60_000 + index * 1000,
      validUntil: now + 600_000,
      status: {
        id: `${list}#${index}`,
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex: String(index),
        statusListCredential: list,
      },
      approval: { method: 'operator', digest: digestSha256('evidence') },
    },
    now,
  )
  await wallet.receive([await signDelegation(payload, { signer, kid: encodeDidKeyUrl(issuer) })])
}
