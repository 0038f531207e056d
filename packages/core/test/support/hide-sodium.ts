import { registerHooks } from 'node:module'

/* Loaded before a program, this makes it find out that `sodium-native` is not installed. */
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === 'sodium-native') throw new Error('sodium-native is not installed')
    return nextResolve(specifier, context)
  },
})
