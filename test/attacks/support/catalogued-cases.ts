import { GROUPS } from '../cases/index.ts'
import { DECIDED } from '../decided.ts'
import { ADAPTERS, type AdapterName } from './adapters.ts'
import type { AttackCase } from './attack-case.ts'
import { type Attack, readCatalogue } from './catalogue.ts'
import { type ExpectedCase, runGroup } from './run-group.ts'

/** Declares the tests of the catalogue's cases that run on every adapter, or of those that run once. */
export function runCatalogue(which: 'on every adapter' | 'once'): void {
  const attacks = new Map(readCatalogue().map((attack) => [attack.id, attack]))
  for (const { name, catalogue } of GROUPS) {
    const chosen = Object.entries(catalogue).filter(([, attack]) => runsOnce(attack) === (which === 'once'))
    runGroup(
      name,
      chosen.map(([id, attack]) => expectCatalogued(id, attack, attacks.get(id))),
    )
  }
}

function runsOnce(attack: AttackCase): boolean {
  return attack.over === 'call' || attack.adapters.length < ADAPTERS.length
}

function expectCatalogued(id: string, attack: AttackCase, entry: Attack | undefined): ExpectedCase {
  return {
    title: `${id} ${entry?.title ?? 'is not in the catalogue'}`,
    attack,
    code: (adapter) => decidedCode(id, adapter) ?? entry?.expect_code ?? 'unknown',
  }
}

function decidedCode(id: string, adapter: AdapterName): string | undefined {
  return DECIDED[id]?.find(({ adapters = [adapter] }) => adapters.includes(adapter))?.code
}
