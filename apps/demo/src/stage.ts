import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createEd25519Signer, encodeBase64url, type JsonObject, systemRandomBytes } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { digestToolDefinition } from '@behalf/mcp'
import { type AgentProcess, startAgent } from './agent/agent-process.ts'
import { freePort } from './free-port.ts'
import { createProcessGroup, type ProcessGroup } from './process-group.ts'

const BEHALF = new URL('../../behalf/src/main.ts', import.meta.url).pathname
const TOOLS = new URL('./tools/main.ts', import.meta.url).pathname
const TRACKER = new URL('./tracker/main.ts', import.meta.url).pathname

// What a person would decide once and keep in a file: closing issues is never for agents, reading may be approved by
// itself for an agent that was enrolled, all else asks a person.
const POLICY = `@id("close")
@reason("closing an issue is for people")
forbid (principal, action, resource is HttpPart)
when { resource.action == "POST" && resource.overlaps.contains("/projects/*/issues/*/close") };

@id("read")
permit (principal, action == Action::"approve-enrolled", resource)
when { resource.action == "GET" && context.seconds <= 3600 };

@id("ask")
permit (principal, action == Action::"ask-one", resource);
`

/** What a reader of its documentation knows of an MCP server. */
export interface ToolServer {
  /** Origin. */
  readonly origin: string
  /** URL of its endpoint. */
  readonly endpoint: string
  /** DID of the key with which it calls further. */
  readonly agent: string
  /** Digests of the definitions of its tools, by name. */
  readonly pins: Readonly<Record<string, string>>
}

/** What the story is played on: an authority and an API on loopback, a folder, and agents in processes of their own. */
export interface Stage {
  readonly folder: string
  readonly passphraseFile: string
  readonly operatorFile: string
  readonly authority: string
  /** Where the first person takes over the authority: it holds the one-time code that the authority printed. */
  readonly claimUrl: string
  readonly api: string
  /** The MCP server over the API. */
  readonly tools: ToolServer
  agent(): AgentProcess
  /** Runs the `behalf` command to its end, and gives what it printed for people. */
  behalf(args: readonly string[]): Promise<readonly string[]>
  /** The same with the operator's wallet, at this authority. */
  asOperator(args: readonly string[]): Promise<readonly string[]>
  /** Stops every process and removes the folder. */
  end(): Promise<void>
}

/**
 * Starts the authority and the issue tracker, and waits until both say they are ready.
 *
 * @param interruption gives up waiting
 * @param onStarted told as soon as both run, some seconds before they are ready
 */
export async function openStage(
  interruption: AbortSignal,
  onStarted: (servers: Pick<Stage, 'authority' | 'api'>) => void,
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-demo-'))
  const passphraseFile = join(folder, 'passphrase')
  writeFileSync(passphraseFile, encodeBase64url(systemRandomBytes(24)), { mode: 0o600 })
  const group = createProcessGroup(
    { BEHALF_PASSPHRASE_FILE: passphraseFile, BEHALF_HOME: join(folder, 'home') },
    interruption,
  )
  const end = async (): Promise<void> => {
    await group.end()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const { printed, ...servers } = await startServers(group, folder)
    onStarted(servers)
    const { authority, api, tools } = servers
    await Promise.all([authority, api, tools.origin].map((server) => waitForReady(server, interruption)))
    await registerApi(group, servers, { key: servers.tracker, origin: api })
    await registerApi(group, servers, { key: tools.agent, origin: tools.origin })
    return {
      folder,
      passphraseFile,
      ...servers,
      claimUrl: await readClaimUrl(printed, interruption),
      agent: () => startAgent(group),
      behalf: (args) => runBehalf(group, args),
      asOperator: (args) =>
        runBehalf(group, [...args, '--authority', servers.authority, '--operator', servers.operatorFile]),
      end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

interface Servers extends Pick<Stage, 'authority' | 'api' | 'tools' | 'operatorFile'> {
  /** DID of the key with which the API signs what it reports. */
  readonly tracker: string
  readonly printed: () => string
}

async function startServers(group: ProcessGroup, folder: string): Promise<Servers> {
  const policyFile = join(folder, 'demo.cedar')
  writeFileSync(policyFile, POLICY)
  const data = join(folder, 'authority')
  const authority = await freeOrigin('localhost')
  const [api, tools] = [await freeOrigin('127.0.0.1'), await freeOrigin('127.0.0.1')]
  const serve = ['serve', '--data', data, '--port', authority.port, '--policy', policyFile, '--json']
  const { described, printed } = await group.serve(BEHALF, serve, async (printed) => ({
    described: await fetchJson(`${authority.origin}/.well-known/behalf-authority`),
    printed,
  }))
  const { issuer, heartbeat } = described
  const tracker = makeKey(join(folder, 'tracker.key'))
  makeKey(join(folder, 'tools.key'))
  const trust = [folder, issuer ?? '', heartbeat ?? '']
  const [, about] = await Promise.all([
    group.serve(TRACKER, [...trust, api.port], () => fetchJson(`${api.origin}/health`)),
    group.serve(TOOLS, [...trust, tools.port, api.origin], () => fetchJson<About>(`${tools.origin}/about`)),
  ])
  const operatorFile = join(data, 'operator.wallet.age')
  return {
    authority: authority.origin,
    operatorFile,
    api: api.origin,
    tools: {
      origin: tools.origin,
      endpoint: `${tools.origin}/mcp`,
      agent: about.agent,
      pins: Object.fromEntries(about.tools.map((tool) => [tool.name, digestToolDefinition(tool)])),
    },
    tracker,
    printed,
  }
}

/** What the MCP server tells of itself. */
interface About {
  readonly agent: string
  readonly tools: readonly ({ readonly name: string } & JsonObject)[]
}

/** From now on the authority takes what the API decides into its log. */
async function registerApi(
  group: ProcessGroup,
  { authority, operatorFile }: Pick<Servers, 'authority' | 'operatorFile'>,
  { key, origin }: { readonly key: string; readonly origin: string },
): Promise<void> {
  const add = ['api', 'add', key, '--origin', origin]
  await runBehalf(group, [...add, '--authority', authority, '--operator', operatorFile])
}

/** @returns the DID of the key */
function makeKey(path: string): string {
  const seed = systemRandomBytes(32)
  writeFileSync(path, encodeBase64url(seed), { mode: 0o600 })
  return encodeDidKey(createEd25519Signer(seed).publicKey)
}

async function freeOrigin(host: string): Promise<{ readonly origin: string; readonly port: string }> {
  const port = await freePort()
  return { origin: `http://${host}:${port}`, port: String(port) }
}

async function fetchJson<Told = Readonly<Record<string, string>>>(url: string): Promise<Told> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered with ${response.status}`)
  return (await response.json()) as Told
}

async function waitForReady(server: string, interruption: AbortSignal): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!(await fetch(`${server}/ready`)).ok) {
    if (performance.now() > deadline) throw new Error(`${server} did not become ready within 15 s`)
    await wait(50, undefined, { signal: interruption })
  }
}

/** The authority prints one document as soon as it takes requests. */
async function readClaimUrl(printed: () => string, interruption: AbortSignal): Promise<string> {
  const deadline = performance.now() + 15_000
  while (!printed().endsWith('}\n')) {
    if (performance.now() > deadline) throw new Error('the authority did not say where it is claimed')
    await wait(50, undefined, { signal: interruption })
  }
  const { claim_url: claimUrl } = JSON.parse(printed()) as { readonly claim_url: string }
  return claimUrl
}

async function runBehalf(group: ProcessGroup, args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await group.run(BEHALF, args)
  if (code !== 0) throw new Error(`behalf ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  // What a person should read before deciding goes to standard error, the answer to standard output.
  return `${stderr}${stdout}`.trimEnd().split('\n')
}
