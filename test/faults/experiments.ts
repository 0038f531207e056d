import { alteredBundle } from './altered-bundle.ts'
import { clockJumps } from './clock-jumps.ts'
import type { Experiment } from './experiment.ts'
import { hostileHeartbeats } from './hostile-heartbeats.ts'
import { hostileLists } from './hostile-lists.ts'
import { loopStall } from './loop-stall.ts'
import { manyConnections } from './many-connections.ts'
import { slowSenders } from './slow-senders.ts'

/** All of them, in the order they run. */
export const EXPERIMENTS: readonly Experiment[] = [
  alteredBundle,
  clockJumps,
  hostileHeartbeats,
  hostileLists,
  loopStall,
  manyConnections,
  slowSenders,
]
