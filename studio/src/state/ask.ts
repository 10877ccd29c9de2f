/** Signals that follow an answer of a worker: the newest question is asked as soon as the one before is answered, others are left out. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";

/**
 * @param question read in an effect; null: nothing is asked, and there is no answer; undefined: nothing is asked, and the answer stays
 * @param ask      called with one question at a time
 * @returns the newest answer, which stays until the next one is there
 */
export function following<Q, A>(
  question: () => Q | null | undefined,
  ask: (question: Q) => Promise<A>,
  onError: (error: unknown) => void,
): ReadonlySignal<A | null> {
  const answer = signal<A | null>(null);
  let wanted: Q | null = null;
  let busy = false;
  const next = async () => {
    busy = true;
    while (wanted !== null) {
      const asked = wanted;
      try {
        const given = await ask(asked);
        if (wanted !== null) answer.value = given;
      } catch (error) {
        onError(error);
      }
      if (wanted === asked) break;
    }
    busy = false;
  };
  effect(() => {
    const now = question();
    if (now === undefined) return;
    wanted = now;
    if (wanted === null) answer.value = null;
    else if (!busy) next();
  });
  return answer;
}
