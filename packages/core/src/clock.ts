/** Returns the time in milliseconds since the epoch. */
export type Clock = () => number

/** The wall clock of this machine: the documented default of factories that take a {@link Clock}. */
export const systemClock: Clock = () => Date.now()
