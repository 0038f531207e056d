// Every root script comes through here, so that a machine with nothing but Node 20 and npm can run it: install what
// the lockfile names with the pinned pnpm, then run the task with the Node that the lockfile brings.
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPage, packPage } from './build-page.mjs'

const PNPM = 'pnpm@12.21.0'
const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const source = ['--disable-warning=ExperimentalWarning', '--conditions=behalf-source']

/** Task name to the commands it runs, in order; the first that fails ends it. The last one gets the arguments. */
const TASKS = {
  demo: [['node', ...source, 'apps/demo/src/main.ts']],
  behalf: [['node', ...source, 'apps/behalf/src/main.ts']],
  build: [['tsc', '-b']],
  types: [
    ['tsc', '-b'],
    ['tsc', '-p', 'tsconfig.test.json'],
  ],
  lint: [
    ['biome', 'check', '--colors=off', '--error-on-warnings', '.'],
    ['oxlint', '--type-aware', '--deny-warnings', 'packages', 'apps', 'test', 'tools'],
  ],
  format: [['biome', 'check', '--write', '.']],
  bench: [['node', ...source, 'test/bench/main.ts']],
  'bench:revocation': [['node', ...source, 'test/bench/revocation/main.ts']],
  fuzz: [['node', ...source, 'test/fuzz/main.ts']],
  oracle: [['node', ...source, 'test/properties/oracle.ts']],
  drill: [['node', ...source, 'test/drill/main.ts']],
  faults: [['node', ...source, 'test/faults/main.ts']],
  packaging: [['node', ...source, 'tools/check-packaging.ts']],
  mutation: [['node', ...source, 'tools/mutation.ts']],
  screenshots: [['node', ...source, 'test/browser/screenshots.ts']],
  unit: [['vitest', 'run']],
}
/** Tasks that serve or test the page for people. */
const NEEDS_PAGE = new Set(['demo', 'behalf', 'build', 'check', 'unit', 'screenshots'])

TASKS.check = [...TASKS.types, ...TASKS.lint, ...TASKS.packaging, ...TASKS.unit]

const [name = '', ...args] = process.argv.slice(2)
const task = TASKS[name]
if (!task) {
  console.error(`Unknown task "${name}". Known: ${Object.keys(TASKS).sort().join(', ')}`)
  process.exit(2)
}
process.exitCode = await runTask(task)

async function runTask(commands) {
  const installed = await install()
  if (installed !== 0) return installed
  const built = NEEDS_PAGE.has(name) ? await buildPage(root, runTool) : 0
  if (built !== 0) return built
  if (name === 'build') packPage(root)
  for (const [index, command] of commands.entries()) {
    const last = index === commands.length - 1
    if (commands.length > 1) console.log(`\n> ${command.join(' ')}`)
    const code = await runTool([...command, ...(last ? args : [])])
    if (code !== 0) return code
  }
  return 0
}

/** As `run`, with the tools and the Node that the lockfile brings. */
function runTool(command) {
  return run(command, { PATH: bin + delimiter + process.env.PATH })
}

async function install() {
  const notice = setTimeout(
    () => console.error('Making sure that what the lockfile names is installed (some 20 s the first time) …'),
    1500,
  )
  const code = await run(['npx', '-y', PNPM, 'install', '--frozen-lockfile', '--silent'], {})
  clearTimeout(notice)
  if (code !== 0) {
    console.error('The packages could not be installed: is the npm registry reachable? Nothing was run.')
  }
  return code
}

/** Runs a command to its end and gives its exit code. Signals reach it too; it decides when to stop. */
function run([command, ...rest], environment) {
  return new Promise((resolve) => {
    const child = spawn(command, rest, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...environment },
    })
    // A terminal sends Ctrl-C to the whole process group: the child has it already and is cleaning up.
    const ignore = () => {}
    const forward = () => child.kill('SIGTERM')
    process.on('SIGINT', ignore).on('SIGTERM', forward)
    child.on('error', (error) => {
      console.error(`${command} did not start: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward)
      resolve(code ?? (signal ? 1 : 0))
    })
  })
}
