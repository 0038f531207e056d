import { findBrowser } from './find-browser.ts'

// A process of its own, so that a test run can ask without waiting for promises.
const path = await findBrowser()
if (path === undefined) process.exitCode = 1
else console.log(path)
