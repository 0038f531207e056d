import { floodSessions } from '../attacks/support/session-flood.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { spellBytes } from './support/memory.ts'

/** What an endpoint has room for unless it says otherwise, and less where there is no time for it. */
const ROOM: Readonly<Record<Size, number>> = { long: 1000, short: 50 }
const ATTEMPTS: Readonly<Record<Size, number>> = { long: 100_000, short: 150 }
/** Memory may be so many times what it was. */
const MAX_GROWTH = 1.1

/** MC-016 of the catalogue in full. */
export const sessionFlood: Experiment = {
  name: 'session-flood',
  about: '100,000 sessions are opened at an MCP endpoint, and none is ended',
  run: async (size) => {
    const [attempts, room] = [ATTEMPTS[size], ROOM[size]]
    const { opened, refused, shown, held, resident, ended, codeAfterIdle } = await floodSessions({
      attempts,
      room,
    })
    checkEqual([opened, shown], [room, room], 'as many are open as there is room for')
    checkEqual(refused, { rate_limited: attempts - room }, 'all others are refused')
    check(
      held.after <= held.full * MAX_GROWTH,
      `${spellBytes(held.after)} held after ${spellBytes(held.full)}`,
    )
    const isBounded = size === 'short' || resident.after <= resident.full * 2
    check(isBounded, `${spellBytes(resident.after)} resident after ${spellBytes(resident.full)}`)
    checkEqual([ended, codeAfterIdle], [room, 'ok'], 'those that nobody used end, and make room')
    return `${opened} of ${attempts} opened, ${attempts - opened} refused with rate_limited; ${spellBytes(held.full)} held when full, ${spellBytes(held.after)} at the end; ${spellBytes(resident.full)} and ${spellBytes(resident.after)} resident; ${ended} ended when idle, and there was room again`
  },
}
