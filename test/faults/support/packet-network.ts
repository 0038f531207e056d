import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Random } from '../../fuzz/random.ts'

/** What happens to IP packets. */
export interface PacketFaults {
  /** Shares of all packets, 0 to 1. */
  readonly lost: number
  readonly doubled: number
  /** Of packets that come so much later than the others, and are overtaken. */
  readonly late: number
  readonly lateMilliseconds: number
  /** By which every packet comes later. */
  readonly delayMilliseconds: number
}

/** Nothing happens to them. */
export const NO_FAULTS: PacketFaults = {
  lost: 0,
  doubled: 0,
  late: 0,
  lateMilliseconds: 0,
  delayMilliseconds: 0,
}

/** What happened to them so far. */
export interface PacketCounts {
  sent: number
  lost: number
  doubled: number
  late: number
}

/** Two networks of this system, with nothing between them but a program that carries their IP packets. */
export interface PacketNetwork {
  /** Address of the far network, reached from here. */
  readonly address: string
  /** Runs a command in the far network: the words before it. */
  readonly enter: readonly string[]
  readonly counts: PacketCounts
  change(faults: PacketFaults): void
  /** A port of this machine leads to the same port there, for those whose connections are no part of the experiment. */
  relay(port: number): Promise<() => void>
  close(): Promise<void>
}

/** So many pairs of addresses are there for tests of networks (RFC 2544), and each process takes its own. */
const PAIRS = 32_768

/** Makes both networks; nothing is lost yet. Wants to be root. */
export async function openPacketNetwork(random: Random): Promise<PacketNetwork> {
  const name = `bh${process.pid}`
  const first = 4 * (process.pid % PAIRS) + 1
  const [near, far] = [toAddress(first), toAddress(first + 1)]
  const ends = await Promise.all([openEnd(`${name}a`, near), openEnd(`${name}b`, far)])
  run('ip', 'netns', 'add', name)
  run('ip', 'link', 'set', `${name}b`, 'netns', name)
  // Moving it took its address.
  spawnSync('ip', ['-n', name, 'addr', 'add', `${far}/30`, 'dev', `${name}b`])
  run('ip', '-n', name, 'link', 'set', `${name}b`, 'up')
  run('ip', '-n', name, 'link', 'set', 'lo', 'up')
  const counts: PacketCounts = { sent: 0, lost: 0, doubled: 0, late: 0 }
  let faults = NO_FAULTS
  const [here, there] = ends
  for (const [from, to] of [
    [here, there],
    [there, here],
  ] as const) {
    from.socket.on('message', (packet) => {
      for (const delay of toss(faults, random, counts)) carry(packet, to, delay)
    })
  }
  return {
    address: far,
    enter: ['ip', 'netns', 'exec', name],
    counts,
    change: (to) => {
      faults = to
    },
    relay: (port) => relay(port, far),
    close: async () => {
      for (const end of ends) {
        end.device.kill()
        end.socket.close()
      }
      await Promise.all(ends.map(({ device }) => once(device, 'exit')))
      run('ip', 'netns', 'del', name)
    },
  }
}

/** One end: a network device, whose packets come and go as datagrams. */
interface End {
  readonly device: ChildProcess
  readonly socket: Socket
  /** Of the datagrams of the device. */
  readonly port: number
}

async function openEnd(name: string, address: string): Promise<End> {
  const [socket, port] = await Promise.all([bind(), freeDatagramPort()])
  const tun = `TUN:${address}/30,tun-name=${name},iff-no-pi,up`
  const datagrams = `UDP4-DATAGRAM:127.0.0.1:${socket.address().port},bind=127.0.0.1:${port}`
  const device = spawn('socat', [tun, datagrams], { stdio: 'ignore' })
  while (spawnSync('ip', ['link', 'show', 'dev', name, 'up']).stdout.length === 0) {
    if (device.exitCode !== null) throw new Error(`socat made no network device ${name}`)
    await wait(10)
  }
  return { device, socket, port }
}

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

async function freeDatagramPort(): Promise<number> {
  const socket = await bind()
  const { port } = socket.address()
  socket.close()
  return port
}

/** When a packet comes, in milliseconds from now: never, once, or twice. */
function toss(faults: PacketFaults, random: Random, counts: PacketCounts): readonly number[] {
  counts.sent += 1
  if (random.chance(faults.lost)) {
    counts.lost += 1
    return []
  }
  const isLate = random.chance(faults.late)
  if (isLate) counts.late += 1
  const delay = faults.delayMilliseconds + (isLate ? faults.lateMilliseconds : 0)
  if (!random.chance(faults.doubled)) return [delay]
  counts.doubled += 1
  return [delay, delay]
}

function carry(packet: Buffer, { socket, port }: End, delay: number): void {
  const send = (): void => {
    try {
      socket.send(packet, port, '127.0.0.1')
    } catch {
      // It is closed: nobody waits for what is still on its way.
    }
  }
  if (delay === 0) send()
  else setTimeout(send, delay)
}

async function relay(port: number, host: string): Promise<() => void> {
  const server = createServer((near) => {
    const end = connect({ port, host })
    near.pipe(end).pipe(near)
    near.on('error', () => end.destroy())
    end.on('error', () => near.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return () => server.close()
}

function toAddress(place: number): string {
  return `198.${18 + (place >> 16)}.${(place >> 8) & 255}.${place & 255}`
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}
