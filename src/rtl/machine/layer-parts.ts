/** What the parts of a layer share: its ports, signals and constants. */
import * as sv from "../syntax.ts";
import { totalBits } from "./accumulators.ts";
import { CONSTANT_LATENCY } from "./fabric.ts";
import { addedOutputs, constantFile, joined, meetsStream, streamAccess, streamWords } from "./layer-sizes.ts";
import { baseOf, type Loads, loadableName, loadPins, type loadPorts } from "./loads.ts";
import { type MemorySize, romName } from "./memories.ts";
import { indexBits, isAt } from "./parts.ts";
import type { LayerPlan, MachinePlan } from "./plan.ts";

/** What the parts of a layer share. */
export interface LayerParts {
  readonly plan: MachinePlan;
  readonly layer: LayerPlan;
  readonly loads: Loads | null;
  readonly ports: readonly sv.Port[];
  readonly s: Control;
  /** The multiplexers' step of a vector in the conversion, and one, two and three clocks later; null with a single step. */
  readonly muxes: readonly sv.Signal[] | null;
  /** A number for each readout unit. */
  readonly sums: sv.Signal;
  readonly values: sv.Signal;
  readonly token: sv.Signal;
  readonly step: sv.Signal;
}

export type Control = sv.Signals<
  ReturnType<typeof layerPorts | typeof loadPorts>[number]["name"] | "timer_q" | "convert" | Stage
>;
/** Registers that mark the clocks after a conversion. */
export const STAGES = ["coded_q", "scaled_q", "summed_q"] as const;
type Stage = (typeof STAGES)[number];

export function layerPorts(plan: MachinePlan, layer: LayerPlan) {
  const { arithmetic } = plan;
  const { answers, lines, outputs, lanes } = layer;
  const { writes } = streamAccess(plan, layer);
  const streamed = lanes * arithmetic.streamBits;
  return [
    ...sv.CLOCKED,
    sv.input("valid_i"),
    sv.input("lines_i", lines),
    sv.output("take_o"),
    ...(meetsStream(layer) && plan.hasStream
      ? [
          ...(writes ? [sv.output("stream_valid_o")] : []),
          sv.output("stream_address_o", indexBits(streamWords(plan, layer).entries)),
          ...(writes ? [sv.output("stream_o", streamed)] : []),
          ...(joined(plan, layer) === "stream" ? [sv.input("stream_i", streamed)] : []),
        ]
      : []),
    sv.output("valid_o"),
    ...(answers
      ? [
          sv.output("logits_o", outputs * arithmetic.logitBits),
          sv.output("answer_o"),
          sv.output("totals_o", outputs * totalBits(arithmetic, addedOutputs(plan))),
        ]
      : [sv.output("spikes_o", outputs)]),
  ];
}

export const timingDeclarations = ({ timing }: MachinePlan) => [
  sv.logic(indexBits(timing.settle + timing.conversion), "timer_q"),
  sv.logic(1, ...STAGES),
  sv.logic(1, "convert"),
];

/** The conversion of the multiplexers' last step, or of the only one. */
export const isLastMux = ({ muxes, layer }: LayerParts, stage: number): sv.Expression[] =>
  muxes ? [isAt(muxes[stage], layer.multiplexerSteps - 1)] : [];

export const select = ({ muxes }: LayerParts, stage: number): Record<string, sv.Expression> =>
  muxes ? { select_i: muxes[stage] } : {};

/** A memory of constants and the word at an address. */
export function constantItems(
  { plan: { fabric }, layer, s, loads }: LayerParts,
  what: "factors" | "offsets" | "positions" | "threshold",
  size: MemorySize,
  address: sv.Expression,
): { readonly items: sv.Item[]; readonly data: sv.Signal } {
  const data = sv.signal(what, size.width);
  const file = constantFile(layer, what);
  const contents = { Contents: sv.text(file), ...(loads ? baseOf(loads, file) : {}) };
  const pins = {
    ...(CONSTANT_LATENCY[fabric.kind] > 0 || loads ? { clk_i: sv.CLOCK } : {}),
    address_i: address,
    data_o: data,
    ...(loads ? loadPins(s) : {}),
  };
  const module = loads ? loadableName(size) : romName(size);
  return { items: [sv.declare(data), sv.instance(module, `u_${what}`, pins, contents)], data };
}
