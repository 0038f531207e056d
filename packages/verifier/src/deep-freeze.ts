/**
 * The value and every plain object and array below it are frozen when this returns.
 *
 * Byte arrays are left as they are: JavaScript cannot freeze them.
 *
 * @returns the same value
 */
export function deepFreeze<Value>(value: Value): Value {
  // What is frozen already was frozen by the code that made it, with what lies below.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return value
  Object.freeze(value)
  for (const member of Object.values(value)) deepFreeze(member)
  return value
}
