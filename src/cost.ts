/** The public API of costs: counted actions times published prices, beyond the estimate of `index.ts`. For browsers and Node. */

// Workloads: published, of an experiment, and measured.

export { type ImportedWorkload, importedWorkload } from "./cost/imported.ts";
export { comparedWith, type Measurement, measuredWorkload, perInference } from "./cost/measured.ts";
export { meanDensity, withSteps } from "./cost/workload.ts";
export { atPublishedSteps, findWorkload } from "./cost/workloads.ts";

// One plan for many questions about the same machines.

export type { Planner } from "./cost/planned.ts";
export { keptPlans } from "./cost/plans.ts";

// Prices, the paper's claims, and area.

export { estimateArea } from "./cost/area.ts";
export { findPrice } from "./cost/catalogue.ts";
export { CLAIMED_RATIOS, type ClaimedRatio, isWithinRounding } from "./cost/claims.ts";
export { COST_PRESETS } from "./cost/presets.ts";

// Other machines: sizes, steps for equal accuracy, and single blocks.

export { type SizedEngine, sizedEngine } from "./cost/architectures/engine-size.ts";
export { receiverEnergy } from "./cost/architectures/receiver.ts";
export {
  type SlotReceiverCost,
  type SlotReceiverId,
  type SlotReceiverOptions,
  slotReceiverCosts,
} from "./cost/architectures/slot-receiver.ts";
export { exitEnergy } from "./cost/exit.ts";
export { chooseSteps, rivalSteps, type StepChoice, type StepRate } from "./cost/iso-accuracy.ts";
export { type AttentionBlock, annBlock, type BlockEnergy, SSA_BLOCK, ssaBlock } from "./cost/ssa-block.ts";
export { totalOf } from "./cost/unit-energies.ts";
export type { Operations } from "./numeric/operations.ts";

// How certain: ranges of prices, one field varied, and chips of silicon.

export { type MonteCarlo, monteCarlo, type Spread } from "./cost/monte-carlo.ts";
export { type PriceRanges, priceRanges } from "./cost/ranges.ts";
export type { DesignMeasurement, PricedAction, ReadIn, SiliconDesign } from "./cost/validation/design.ts";
export { type ScalingRange, scalingRange } from "./cost/validation/scalings.ts";
export {
  type RatioRange,
  type SiliconValidation,
  type ValidatedDesign,
  validateModel,
} from "./cost/validation/validate.ts";
export { type Ratios, ratiosOf, type Variation, type Varied, vary } from "./cost/variation.ts";
export type { NonInferiority } from "./numeric/non-inferiority.ts";
