/**
 * Plans that are kept while many questions are asked: draws, maps and searches request the same few hundred machines thousands of times.
 * They differ in time steps and clocks, and share a few placements, which take most of the memory.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import { kept } from "../machine/kept.ts";
import { placementOf } from "../machine/machine.ts";
import type { NetworkShape } from "../machine/shape.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { hardwareFor, shapeFor } from "./hardware.ts";
import type { Technology } from "./parameters.ts";
import { type PlannedMachine, type Planner, planMachine } from "./planned.ts";
import type { Workload } from "./workload.ts";

/** Most plans and placements that are kept. */
const PLANS = 512;
const PLACEMENTS = 32;

/** Plans each machine once. State: keeps what it planned. Throws as `planMachine`. */
export function keptPlans(): Planner {
  const plans = kept<PlannedMachine>(PLANS);
  const placements = kept<Mapping>(PLACEMENTS);
  const place = (hardware: HardwareSpec, shape: NetworkShape): Mapping => {
    const { timing: _, ...untimed } = hardware;
    return placements([untimed, sizesOf(shape)], () => placementOf(hardware, shape));
  };
  return (workload: Workload, technology: Technology) =>
    plans([hardwareFor(workload, technology), sizesOf(shapeFor(workload, technology))], () =>
      planMachine(workload, technology, place),
    );
}

/** What a machine depends on besides the hardware: the workload's shape, without its other fields. */
function sizesOf(shape: NetworkShape): Readonly<Record<keyof NetworkShape, unknown>> {
  const { depth, width, heads, expansion, reset, stateWords, attention, neuron, tokens, inputs, stem } = shape;
  const { embedding, residualInputBits, outputProjection, residuals, positions, scores, steps } = shape;
  const { classes, queries, meanReadOut, meanStream, stemShortcut } = shape;
  const [tokensRead, mask] = [shape.tokensRead?.join(), shape.mask?.join("")];
  return {
    depth,
    width,
    heads,
    expansion,
    reset,
    stateWords,
    attention,
    neuron,
    tokens,
    inputs,
    stem,
    classes,
    queries,
    meanReadOut,
    meanStream,
    stemShortcut,
    embedding,
    residualInputBits,
    outputProjection,
    residuals,
    positions,
    scores,
    steps,
    tokensRead,
    mask,
  };
}
