/**
 * The mean over an answer's tokens, which the head reads: all tokens of a prompt, or the copies of a query. Twin: `model/read-out.ts`.
 */
import type { Place } from "./arena.ts";
import type { Ops } from "./ops.ts";

interface TokenRows {
  readonly prompts: number;
  /** Tokens of each answer of a prompt, consecutive in the rows. */
  readonly perAnswer: Int32Array;
  readonly width: number;
}

/** target [prompts, answers, width] = mean over each answer's tokens of source [prompts, tokens, width]. */
export function tokenMean(ops: Ops, source: Place, rows: TokenRows, target: Place): void {
  const { prompts, perAnswer, width } = rows;
  ops.fill(target, prompts * perAnswer.length * width, 0);
  forEachAnswer(rows, (first, tokens, answer) => {
    const to = target + 4 * answer * width;
    ops.sumRows({ source: source + 4 * first * width, rows: tokens, columns: width, target: to });
    if (tokens > 1) ops.scale(to, width, 1 / tokens);
  });
}

/** dSource [prompts, tokens, width] = dTarget / tokens at every token of an answer. State: dTarget is scaled in place. */
export function tokenMeanBackward(ops: Ops, dTarget: Place, rows: TokenRows, dSource: Place): void {
  const { width } = rows;
  forEachAnswer(rows, (first, tokens, answer) => {
    const row = dTarget + 4 * answer * width;
    if (tokens > 1) ops.scale(row, width, 1 / tokens);
    ops.broadcastRow({ row, rows: tokens, columns: width, target: dSource + 4 * first * width });
  });
}

/** Visits the answers of all prompts with their first row, their tokens, and their number. */
function forEachAnswer(
  { prompts, perAnswer }: TokenRows,
  visit: (first: number, tokens: number, answer: number) => void,
): void {
  let [row, answer] = [0, 0];
  for (let prompt = 0; prompt < prompts; prompt++) {
    for (const tokens of perAnswer) {
      visit(row, tokens, answer++);
      row += tokens;
    }
  }
}
