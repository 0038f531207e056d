import { existsSync, rmSync, watch } from 'node:fs'
import type { ServerOptions } from 'node:http'
import { NOW } from '../../attacks/support/chain.ts'
import { withFolder } from '../../attacks/support/databases.ts'
import { createStatusFeed, type StatusFeed } from '../../attacks/support/status-feed.ts'
import { check } from '../experiment.ts'
import { startChild } from './child.ts'
import type { LiveApiOrder, LiveApiReport, LiveApiSettings, StallOrder } from './live-api-process.ts'
import { openStatusSite } from './status-site.ts'

/** A protected API in a process of its own, an issuer here that publishes over HTTP, all on real clocks. */
export interface LiveApi {
  readonly port: number
  readonly feed: StatusFeed
  /** `Date.now()` at which it was `NOW`. */
  readonly startedAt: number
  /** The time it is, milliseconds. */
  now(): number
  report(): Promise<LiveApiReport>
  /** The next request that gets there will stand still. Resolves once that is arranged. */
  arrangeStall(order: StallOrder): Promise<void>
  /** Resolves once a request stands still. */
  stalled(): Promise<void>
}

/** How it differs from what the verifier does by default. */
export interface LiveApiOptions {
  readonly heartbeatSeconds?: number
  readonly pollSeconds?: number
  readonly maxStalenessSeconds?: number
  readonly bodyTimeoutSeconds?: number
  readonly server?: ServerOptions
  /** Status index that is revoked from the beginning. */
  readonly revoked?: number
}

const MAX_SETTLING_MS = 30_000

/** What the API reports once it is so; it sees only later what happened on its connections. */
export async function untilReport(
  api: LiveApi,
  isSo: (report: LiveApiReport) => boolean,
  what: string,
): Promise<LiveApiReport> {
  const since = performance.now()
  for (;;) {
    const report = await api.report()
    if (isSo(report)) return report
    check(performance.now() - since < MAX_SETTLING_MS, `${what}: ${report.fileDescriptors} file descriptors`)
  }
}

/** Runs with a live API and ends it. */
export function withLiveApi<Result>(
  options: LiveApiOptions,
  run: (api: LiveApi) => Promise<Result>,
): Promise<Result> {
  return withFolder(async (folder) => {
    const startedAt = Date.now()
    const now = (): number => NOW + Date.now() - startedAt
    const feed = createStatusFeed()
    if (options.revoked !== undefined) feed.revoke(options.revoked)
    await feed.publish(now())
    const site = await openStatusSite(feed)
    const beat = setInterval(() => void feed.publish(now()), (options.heartbeatSeconds ?? 10) * 1000)
    const settings: LiveApiSettings = {
      site: site.port,
      startedAt,
      folder,
      maxStalenessSeconds: options.maxStalenessSeconds ?? 30,
      pollSeconds: options.pollSeconds ?? 5,
      bodyTimeoutSeconds: options.bodyTimeoutSeconds ?? 10,
      server: options.server ?? {},
    }
    const child = startChild<LiveApiOrder, LiveApiReport>('live-api-process.ts', [JSON.stringify(settings)])
    try {
      const { port } = await child.order({})
      return await run({
        port,
        feed,
        startedAt,
        now,
        report: () => child.order({}),
        arrangeStall: async (order) => {
          rmSync(`${folder}/stalled`, { force: true })
          await child.order(order)
        },
        stalled: () => untilFile(folder, 'stalled'),
      })
    } finally {
      clearInterval(beat)
      await child.end()
      await site.close()
    }
  })
}

function untilFile(folder: string, name: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!existsSync(`${folder}/${name}`)) return
      watcher.close()
      resolve()
    }
    const watcher = watch(folder, look)
    look()
  })
}
