import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { describeNeeding } from '../support/needs.ts'
import { openWorld, type World, waitFor } from '../support/world.ts'

// Node refuses more than 16 KiB of header in all (--max-http-header-size); nginx a line that does not fit into one of
// its 8 KiB buffers, of which it has four (large_client_header_buffers 4 8k).
const NODE_HEADER_BYTES = 16_384
const NGINX_LINE_BYTES = 8_192
const NGINX_HEADER_BYTES = 4 * NGINX_LINE_BYTES

let world: World
let last: Wallet
/** Origin of the proxy that carries what the last agent sends; without one it goes to the API itself. */
let proxy: string | undefined
let sent: readonly (readonly [string, string])[] = []

beforeAll(async () => {
  world = await openWorld()
  last = await makeChainOfThree()
})
afterAll(() => world.end())

/** The last of three agents, each of which got what it has from the one before. */
async function makeChainOfThree(): Promise<Wallet> {
  const [first, second] = [createMemoryWallet(), createMemoryWallet()]
  const third = createMemoryWallet({
    fetch: (input, init) => {
      const request = new Request(input, init)
      sent = [...request.headers]
      return fetch(
        proxy === undefined ? request : new Request(request.url.replace(world.api, proxy), request),
      )
    },
  })
  await world.grant(first, { paths: ['/projects/**'], depth: 2 })
  await second.receive(await first.delegate({ to: second.did, maxDelegationDepth: 1 }))
  await third.receive(await second.delegate({ to: third.did }))
  return third
}

describe('a chain of three', () => {
  test('passes the default limits of Node, over a real connection', async () => {
    const response = await last.fetch(`${world.api}/projects/ACME/issues`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ links: 3, principal: { id: 'alice' } })
  })

  test('fits into the headers with room to spare', () => {
    const lines = sent.map(([name, value]) => `${name}: ${value}\r\n`.length)
    const total = lines.reduce((sum, line) => sum + line, 0)
    expect(sent.map(([name]) => name)).toContain('delegation-chain')
    // Half of what is allowed, so that cookies, tracing and longer capabilities still fit.
    expect(total).toBeLessThan(NODE_HEADER_BYTES / 2)
    expect(total).toBeLessThan(NGINX_HEADER_BYTES / 2)
    expect(Math.max(...lines)).toBeLessThan(NGINX_LINE_BYTES * 0.75)
  })
})

describeNeeding('nginx', 'a chain of three behind nginx', () => {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-nginx-'))
  let nginx: ChildProcess

  beforeAll(async () => {
    const port = await freePort()
    writeFileSync(join(folder, 'nginx.conf'), configuration(port, world.api))
    nginx = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], { stdio: 'inherit' })
    proxy = `http://127.0.0.1:${port}`
    await waitFor(() => fetch(`${proxy}/`).catch(() => undefined))
  })
  afterAll(async () => {
    const gone = once(nginx, 'exit')
    nginx.kill('SIGQUIT')
    await gone
    rmSync(folder, { recursive: true })
  })

  test('passes the default limits of nginx', async () => {
    const response = await last.fetch(`${world.api}/projects/ACME/issues`)
    expect(response.headers.get('server')).toMatch(/nginx/u)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ links: 3 })
  })
})

/** A proxy with nothing set but what every proxy in front of a verifier needs: the Host that agents signed for. */
function configuration(port: number, api: string): string {
  return `daemon off;
pid nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${api};
      proxy_set_header Host ${new URL(api).host};
    }
  }
}
`
}
