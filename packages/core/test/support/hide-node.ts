import { isBuiltin, registerHooks } from 'node:module'

/*
 * Loaded before a program, this makes Node.js look like a runtime that is not Node.js: built-in modules cannot be
 * imported, and neither `Buffer` nor the export condition `node` exist.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (isBuiltin(specifier)) throw new Error(`${specifier} does not exist in this runtime`)
    const conditions = context.conditions.filter((condition) => !condition.startsWith('node'))
    return nextResolve(specifier, { ...context, conditions })
  },
})
Reflect.deleteProperty(globalThis, 'Buffer')
