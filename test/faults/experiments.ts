import { alteredBundle } from './altered-bundle.ts'
import { brokenNetwork } from './broken-network.ts'
import { clockJumps } from './clock-jumps.ts'
import { effectKill } from './effect-kill.ts'
import type { Experiment } from './experiment.ts'
import { halfWrittenFiles } from './half-written-files.ts'
import { hostileHeartbeats } from './hostile-heartbeats.ts'
import { hostileLists } from './hostile-lists.ts'
import { loopStall } from './loop-stall.ts'
import { manyConnections } from './many-connections.ts'
import { packetFaults } from './packet-faults.ts'
import { sessionFlood } from './session-flood.ts'
import { slowSenders } from './slow-senders.ts'
import { stoppedReaders } from './stopped-readers.ts'
import { storageErrors } from './storage-errors.ts'
import { storageFull } from './storage-full.ts'
import { storageKill } from './storage-kill.ts'
import { storagePowerCut } from './storage-power-cut.ts'
import { storageSync } from './storage-sync.ts'
import { streamGaps } from './stream-gaps.ts'
import { toolKill } from './tool-kill.ts'
import { twoWriters } from './two-writers.ts'

/** All of them, in the order they run. */
export const EXPERIMENTS: readonly Experiment[] = [
  alteredBundle,
  brokenNetwork,
  clockJumps,
  effectKill,
  halfWrittenFiles,
  hostileHeartbeats,
  hostileLists,
  loopStall,
  manyConnections,
  packetFaults,
  sessionFlood,
  slowSenders,
  stoppedReaders,
  storageErrors,
  storageFull,
  storageKill,
  storagePowerCut,
  storageSync,
  streamGaps,
  toolKill,
  twoWriters,
]
