/** What each kind of attention with neurons computes, as the kernels of all backends name it. Twins: `model/attention/`. */
import { type ByAttention, forAttention } from "../experiment/by-attention.ts";
import type { FiringSpec } from "./ops.ts";

/**
 * Attention that weighs every pair of tokens: A = SN(scale sum_j mask_ij w_ij V_j).
 *
 *   neurons   w = SN(constant |Q_i and K_j|), neurons on scores
 *   ones      w = |Q_i and K_j|
 *   equal     w = |Q_i and K_j| + constant |neither|
 *   cut       w = 1 where |Q_i and K_j| >= constant
 *   frozen    as `ones`; no gradient reaches Q and K
 */
export type Weighing = "neurons" | "ones" | "equal" | "cut" | "frozen";

/**
 * Attention without a product of tokens: neurons count, and their spikes gate.
 *
 *   counts     A_ic = q_ic SN(scale sum_j mask_ij k_jc v_jc)     reads q, k, v
 *   channels   A_ic = k_ic SN(scale sum_j mask_ij q_jc)          reads q, k
 *   tokens     A_ic = k_ic SN(scale sum_c q_ic)                  reads q, k
 */
export type Counting = "counts" | "channels" | "tokens";

export interface PairAttention {
  readonly of: "pairs";
  readonly weigh: Weighing;
  /** Current per count, weight of two zeros, or least count. */
  readonly constant: number;
  /** Current per unit of a sum. */
  readonly scale: number;
}

export interface GateAttention {
  readonly of: "gates";
  readonly counted: Counting;
  readonly scale: number;
}

type Made = (dimension: number, tokens: number) => PairAttention | GateAttention;

const pairs = (weigh: Weighing, constant: number, scale: number) => ({ of: "pairs", weigh, constant, scale }) as const;
const ones =
  ({ scale }: { readonly scale: number }): Made =>
  () =>
    pairs("ones", 0, scale);
const gates =
  (counted: Counting) =>
  ({ scale }: { readonly scale: number }): Made =>
  () => ({ of: "gates", counted, scale });

const KINDS: Pick<ByAttention<Made>, FiringSpec["kind"]> = {
  lif:
    ({ scoreGain, valueGain }) =>
    (dimension, tokens) =>
      pairs("neurons", scoreGain / dimension, valueGain / tokens),
  spikformer: ones,
  "sdsa-1": gates("counts"),
  "sdsa-3": ones,
  "qk-token": gates("tokens"),
  "qk-channel": gates("channels"),
  "alpha-xnor":
    ({ alpha, scale }) =>
    () =>
      pairs("equal", alpha, scale),
  "binary-map":
    ({ cut, scale }) =>
    () =>
      pairs("cut", cut, scale),
  random:
    ({ scale }) =>
    () =>
      pairs("frozen", 0, scale),
};

/** @param of  with heads of `width / heads` features */
export const firingKind = (of: {
  readonly attention: FiringSpec;
  readonly width: number;
  readonly heads: number;
  readonly tokens: number;
}): PairAttention | GateAttention => forAttention(of.attention, KINDS)(of.width / of.heads, of.tokens);
