/** The mean over a prompt's tokens, which the head reads where the read-out is `mean`. Twin: `model/read-out.ts`. */
import type { KernelExports } from "./binary.generated.ts";

/** out [B, n] = mean over the N tokens of x [B, N, n]. */
export function tokenMean(
  run: KernelExports,
  x: number,
  prompts: number,
  tokens: number,
  n: number,
  out: number,
): void {
  run.fill(out, prompts * n, 0);
  for (let b = 0; b < prompts; b++) run.sumRows(x + b * tokens * n * 4, tokens, n, out + b * n * 4);
  run.scale(out, prompts * n, 1 / tokens);
}

/** dx [B, N, n] = dOut / N at every token. State: dOut [B, n] is scaled in place. */
export function tokenMeanBackward(
  run: KernelExports,
  dOut: number,
  prompts: number,
  tokens: number,
  n: number,
  dx: number,
): void {
  run.scale(dOut, prompts * n, 1 / tokens);
  for (let b = 0; b < prompts; b++) run.broadcastRow(dOut + b * n * 4, tokens, n, dx + b * tokens * n * 4);
}
