import { GROUPS } from './cases/index.ts'
import { runGroup } from './support/run-group.ts'

for (const { name, own } of GROUPS) {
  runGroup(
    name,
    Object.entries(own).map(([id, { title, code, attack }]) => ({
      title: `${id} ${title}`,
      attack,
      code,
    })),
  )
}
