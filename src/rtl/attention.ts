/** Which kinds of attention have generated hardware, and why the others do not. */
import { MappingError } from "../errors.ts";
import type { AttentionSpec } from "../experiment/attention.ts";
import { type ByAttention, forAttention } from "../experiment/by-attention.ts";

/** Null where the generator has the unit, or what keeps it from having one. */
const noGenerator = (unit: string) => () =>
  `The generator writes the SSA tile of stochastic attention; ${unit} of this network has no generator yet.`;

const REASONS: ByAttention<string | null> = {
  stochastic: () => null,
  lif: noGenerator("the pair tile"),
  spikformer: noGenerator("the pair tile, which adds counts instead of bits,"),
  "sdsa-1": noGenerator("the column counters"),
  "sdsa-3": noGenerator("the outer-product array"),
  "qk-token": noGenerator("the token counters"),
  "qk-channel": noGenerator("the column counters"),
  "alpha-xnor": noGenerator("the pair tile, which adds counts instead of bits,"),
  "binary-map": noGenerator("the pair tile"),
  random: noGenerator("the pair tile, which adds counts instead of bits,"),
  none: () => "The generated machine is built around an attention unit, and this network has none.",
};

/** Throws MappingError for attention without generated hardware. */
export function requireGeneratedAttention(attention: AttentionSpec): void {
  const reason = forAttention(attention, REASONS);
  if (reason === null) return;
  throw new MappingError(
    "model.attention.kind",
    `${reason} Use "stochastic" attention, or simulate and price this network without RTL.`,
  );
}
