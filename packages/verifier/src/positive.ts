/**
 * Every option is a positive number.
 *
 * @param options by name
 * @throws TypeError naming the option
 */
export function checkPositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    // Written so that NaN is refused: a comparison with it would let everything pass.
    if (!(value > 0)) throw new TypeError(`${name} must be a positive number`)
  }
}
