/** Reserves the SSA engine for runs of equal length. */

export interface Calendar {
  /** Reserves the engine for a run at the first free clock from `ready` on, and returns that clock. */
  reserve(ready: number): number;
}

/**
 * @param period clocks after which the calendar repeats, at least the total of all runs; infinite if it does not repeat
 * @param length clocks of a run
 */
export const calendarOf = (period: number, length: number): Calendar =>
  Number.isFinite(period) ? repeating(period, length) : open(length);

function open(length: number): Calendar {
  /** Starts of the reserved runs, ascending. */
  const taken: number[] = [];
  return {
    reserve: (ready) => {
      let [at, start] = [taken.length, ready];
      // Reserved runs that begin after this one would end do not matter; each of the others may delay it.
      while (at > 0 && taken[at - 1] > ready - length) at--;
      while (at < taken.length && taken[at] < start + length) start = taken[at++] + length;
      taken.splice(at, 0, start);
      return start;
    },
  };
}

/** Slots of one run's length, back to back from the start of each period, so no gap is too short to be used. */
function repeating(period: number, length: number): Calendar {
  const slots = Math.floor(period / length);
  const taken = new Set<number>();
  return {
    reserve: (ready) => {
      let round = Math.floor(ready / period);
      let slot = Math.ceil((ready - round * period) / length);
      for (; slot >= slots || taken.has(slot); slot++) {
        if (slot < slots) continue;
        round++;
        slot = -1;
      }
      taken.add(slot);
      return round * period + slot * length;
    },
  };
}
