import { configureGlobal } from 'fast-check'

// Other inputs on every run would make a mutant live in one run and die in the next.
configureGlobal({ seed: 1 })
