import { runDrill } from './run-drill.ts'

// Runs the drill of docs/incident.md once, and prints how long each step took.

for (const { step, seconds } of await runDrill()) console.log(`${seconds.toFixed(2).padStart(7)} s  ${step}`)
