/**
 * How slow this machine is now, which tests' time limits scale with: a limit should end a test that hangs, on a loaded
 * laptop as on a server.
 */

/** Milliseconds that the work below takes on an idle core of the machine whose limits `vitest.config.ts` states. */
const REFERENCE = 60;

/** At least 1: the median of five pieces of work, so other programs count, but a single pause does not. */
export function slowness(): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    mix(2 ** 24);
    return performance.now() - start;
  });
  return Math.max(1, times.sort((a, b) => a - b)[2] / REFERENCE);
}

/** This many seconds of an idle core in milliseconds, for limits inside tests. */
export const seconds = (count: number, factor = Number(process.env.XPIKE_SLOWNESS ?? 1)): number =>
  Math.round(1000 * count * factor);

/** Integer arithmetic that no compiler leaves out. */
function mix(rounds: number): number {
  let state = 1;
  for (let round = 0; round < rounds; round++) state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + round;
  return state;
}
