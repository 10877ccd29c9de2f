/** The mean over a prompt's tokens, which the head reads where the read-out is `mean`. Twin: `model/read-out.ts`. */
import type { Place } from "./arena.ts";
import type { Ops } from "./ops.ts";

interface TokenRows {
  readonly prompts: number;
  readonly tokens: number;
  readonly width: number;
}

/** target [prompts, width] = mean over the tokens of source [prompts, tokens, width]. */
export function tokenMean(ops: Ops, source: Place, { prompts, tokens, width }: TokenRows, target: Place): void {
  ops.fill(target, prompts * width, 0);
  for (let prompt = 0; prompt < prompts; prompt++) {
    const [from, to] = [source + 4 * prompt * tokens * width, target + 4 * prompt * width];
    ops.sumRows({ source: from, rows: tokens, columns: width, target: to });
  }
  ops.scale(target, prompts * width, 1 / tokens);
}

/** dSource [prompts, tokens, width] = dTarget / tokens at every token. State: dTarget is scaled in place. */
export function tokenMeanBackward(
  ops: Ops,
  dTarget: Place,
  { prompts, tokens, width }: TokenRows,
  dSource: Place,
): void {
  ops.scale(dTarget, prompts * width, 1 / tokens);
  for (let prompt = 0; prompt < prompts; prompt++) {
    const [row, target] = [dTarget + 4 * prompt * width, dSource + 4 * prompt * tokens * width];
    ops.broadcastRow({ row, rows: tokens, columns: width, target });
  }
}
