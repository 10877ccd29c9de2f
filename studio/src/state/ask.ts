/** Signals that follow the answers of a worker. After each answer, the newest question is asked; older questions are skipped. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";

/**
 * @param question read in an effect; null: no question, no answer; undefined: no question, and the last answer stays
 * @param ask      called with one question at a time
 * @returns the newest answer, until the next one arrives
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
