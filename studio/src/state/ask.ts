/** Signals that follow the answers of a worker. After each answer, the newest question is asked; older questions are skipped. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";

/** Number of signals that wait for an answer. */
const waiting = signal(0);

/** Resolves when every signal that follows answers has its newest one, but for those that are not on view. */
export async function allAnswered(): Promise<void> {
  if (waiting.peek() === 0) return;
  await new Promise<void>((resolve) => {
    const stop = waiting.subscribe((count) => {
      if (count > 0) return;
      stop();
      resolve();
    });
  });
}

/**
 * @param question read in an effect; null: no question, no answer; undefined: no question, and the last answer stays
 * @param ask      called with one question at a time
 * @param isOnView whether `allAnswered` waits for it
 * @returns the newest answer, until the next one arrives
 */
export function following<Q, A>(
  question: () => Q | null | undefined,
  ask: (question: Q) => Promise<A>,
  onError: (error: unknown) => void,
  isOnView = true,
): ReadonlySignal<A | null> {
  const answer = signal<A | null>(null);
  let wanted: Q | null = null;
  let busy = false;
  const wait = (more: 1 | -1) => {
    busy = more > 0;
    if (isOnView) waiting.value = waiting.peek() + more;
  };
  const next = async () => {
    wait(1);
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
    wait(-1);
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
