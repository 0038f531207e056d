import { describeNeeding } from '../support/needs.ts'
import { runCatalogue } from './support/catalogued-cases.ts'

describeNeeding('attacks', 'the attack catalogue', () => runCatalogue('on every adapter'))
