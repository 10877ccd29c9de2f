/** Small engines of attention with neurons, and random runs on them. */
import { type AttentionSpec, attentionSpec } from "../../src/experiment/attention.ts";
import { hardwareSpec } from "../../src/experiment/hardware.ts";
import { neuronSpec } from "../../src/experiment/neuron.ts";
import { stream } from "../../src/numeric/stream.ts";
import { attentionBundle } from "../../src/rtl/attention/bundle.ts";
import { type AttentionDesign, attentionDesign } from "../../src/rtl/attention/design.ts";
import { randomAttentionRun } from "../../src/rtl/attention/vectors.ts";
import type { SourceFiles } from "../../src/rtl/design.ts";

export interface AttentionSetting {
  readonly attention: { readonly kind: AttentionSpec["kind"]; readonly [field: string]: unknown };
  readonly tokens: number;
  readonly dimension: number;
  readonly mask: keyof typeof MASKS;
  readonly heads?: number;
  readonly neuron?: object;
  readonly steps?: number;
  readonly arithmetic?: null;
  /** Fields of `hardware.ssa`. */
  readonly ssa?: object;
}

/** Whether token i attends to token j. */
export const MASKS = {
  full: () => true,
  causal: (i: number, j: number) => j <= i,
  /** The last two tokens are queries, which see all contexts and themselves. */
  queries: (i: number, j: number, tokens: number) => j < tokens - 2 || i === j,
  /** No row contains another, and one is empty. */
  scattered: (i: number, j: number) => i !== 1 && (i + 2 * j) % 3 !== 0,
} as const;

export function smallAttention({ attention, tokens, dimension, mask, ...rest }: AttentionSetting): AttentionDesign {
  const { heads = 2, neuron, steps = 3, ssa, arithmetic = {} } = rest;
  const request = {
    tokens,
    dimension,
    mask: Uint8Array.from({ length: tokens ** 2 }, (_, n) =>
      Number(MASKS[mask](Math.floor(n / tokens), n % tokens, tokens)),
    ),
    neuron: neuronSpec.parse({ threshold: 0.5, ...neuron }),
    steps,
  };
  return attentionDesign(attentionSpec.parse(attention), request, heads, hardwareSpec.parse({ arithmetic, ssa }));
}

/** Runs of 1, 2, ... steps of random spikes. */
export function attentionFiles(setting: AttentionSetting): SourceFiles {
  const design = smallAttention(setting);
  const { steps = 3 } = setting;
  const runs = [1, steps, steps, steps].map((length, r) => randomAttentionRun(design, length, stream(r)));
  return attentionBundle(design, runs, "Random spikes.", "No LIF unit.");
}
