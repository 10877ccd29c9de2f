/**
 * The constants of an SSA tile, derived from the experiment and checked in one place: simulators and the RTL generator read
 * these and nothing else, so they build the same tile.
 */
import { SpecError } from "../errors.ts";
import type { DrawKind } from "../experiment/attention.ts";
import type { LoopOrder, SsaSpec } from "../experiment/hardware.ts";
import type { LfsrSetup } from "./draws.ts";
import { requirePrimitive } from "./lfsr.ts";
import type { SsaTileSettings } from "./ssa-tile.ts";
import { planTile } from "./tile-plan.ts";

export interface SsaParameters extends Required<SsaTileSettings> {
  /** Tokens N of the network. */
  readonly tokens: number;
  /** Head dimension d, the clocks of one window. */
  readonly dimension: number;
  readonly counterBits: number;
  readonly draws: DrawKind;
  readonly lfsr: LfsrSetup;
  /** Whether all heads of a block use the same registers. */
  readonly sharedByHeads: boolean;
}

/** What the network requires of its tiles. */
export interface SsaRequest {
  readonly tokens: number;
  readonly dimension: number;
  /** `[N, N]` */
  readonly mask: Uint8Array;
  readonly scoreGain: number;
  readonly valueGain: number;
  readonly draws: DrawKind;
}

/**
 * Throws  SpecError when the tile cannot be built: no tokens or features, a counter too narrow for d, a gain that is not a
 * shift,
 *         a feedback mask that is not primitive, registers that would have to keep running although blocks take turns
 */
export function ssaParameters(spec: SsaSpec, request: SsaRequest, order: LoopOrder = "token-major"): SsaParameters {
  const { tokens, dimension, mask, scoreGain, valueGain, draws } = request;
  requireCount("tokens", tokens, "N");
  requireCount("dimension", dimension, "d_K");
  requireShift("model.attention.scoreGain", scoreGain);
  requireShift("model.attention.valueGain", valueGain);
  const lfsrMask = Number(spec.lfsr.polynomial);
  requirePrimitive(lfsrMask, "hardware.ssa.lfsr.polynomial");
  requireRestart(spec, draws, order);
  const counterBits = spec.counterBits ?? bitsFor(dimension);
  const largestCount = 2 ** counterBits - 1;
  if (largestCount < dimension && spec.counterOverflow === "refuse") {
    throw new SpecError(
      "hardware.ssa.counterBits",
      `A counter of ${counterBits} bits counts to 2^${counterBits} - 1 = ${largestCount}, but d_K is ${dimension}: a full count would wrap to ` +
        `${dimension % 2 ** counterBits}. Use ${bitsFor(dimension)} bits, or set counterOverflow to "saturate".`,
    );
  }
  const normaliser = (count: number) => (spec.normaliser === "exact" ? count : nextPowerOfTwo(count));
  return {
    tokens,
    dimension,
    mask,
    scoreGain,
    valueGain,
    scoreNormaliser: normaliser(dimension),
    valueNormaliser: normaliser(tokens),
    counterBits,
    largestCount,
    plan: planTile(tokens, spec.tileTokens ?? tokens, mask, order === "step-major" ? "step" : "run"),
    fifo: spec.fifo,
    draws,
    lfsr: { mask: lfsrMask, sharing: spec.lfsr.sharing, shiftsPerClock: spec.lfsr.shiftsPerClock },
    sharedByHeads: spec.lfsr.scope === "engine",
  };
}

/** Whether registers keep running from step to step instead of being reset. */
export const runsOn = ({ random }: Pick<SsaSpec, "random">, draws: DrawKind | undefined): boolean =>
  random === "lfsr" && draws === "independent";

/** A step-major tile serves other blocks between two steps of a block, so its registers cannot keep running. */
function requireRestart(spec: SsaSpec, draws: DrawKind, order: LoopOrder): void {
  if (order === "token-major" || !runsOn(spec, draws)) return;
  throw new SpecError(
    "hardware.order",
    'With "independent" draws the LFSRs run on from step to step, but in "step-major" order a tile serves other blocks between steps. ' +
      'Set model.attention.draws to "stratified", which restarts them at every step, or order to "token-major".',
  );
}

/** Bits that hold 0 .. `largest`. */
export const bitsFor = (largest: number): number => Math.max(1, 32 - Math.clz32(largest));

const nextPowerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(count));

function requireCount(path: string, value: number, name: string): void {
  if (Number.isInteger(value) && value >= 1 && value <= 1024) return;
  throw new SpecError(
    path,
    `${name} is ${value}, but the engine takes a whole number from 1 to 1024, whatever the tile size.`,
  );
}

function requireShift(path: string, gain: number): void {
  if (Number.isInteger(gain) && gain >= 1 && (gain & (gain - 1)) === 0) return;
  throw new SpecError(
    path,
    `The gain ${gain} is not a power of two, and hardware applies it by a shift. Use 1, 2, 4, ...`,
  );
}
