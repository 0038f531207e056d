import { describeNeeding } from '../support/needs.ts'
import { runCatalogue } from './support/catalogued-cases.ts'

// Apart from the rest, because these take the longest and test files run side by side.
describeNeeding('attacks', 'the attack catalogue, where the adapter does not matter', () =>
  runCatalogue('once'),
)
