/**
 * A layer of weights: its crossbars, the readout units after them, and the control of a vector's clocks.
 *
 *   clock      of a vector of c clocks: settle + M conversions
 *   0          the vector's first clock: it is at lines_i, and stays
 *   ...        multiplexer step m converts in clock settle + (m + 1) conversion - 1, its last
 *   c - 1      take_o: the next vector may be there in the next clock
 *   c + 2      valid_o: result of step M - 1 and thus of the vector, combinational; registers after it show it in clock c + 3
 *
 * After a conversion: codes in the macro's registers, products, sums, and then stream, neurons or accumulators (three clocks,
 * LIF_LATENCY).
 */
import * as sv from "../syntax.ts";
import { type AimcMacroSize, macroName, servicePins } from "./aimc-macro.ts";
import { hasNoise } from "./erring-converters.ts";
import { CONSTANT_LATENCY } from "./fabric.ts";
import {
  type Control,
  constantItems,
  isLastMux,
  type LayerParts,
  layerPorts,
  select,
  timingDeclarations,
} from "./layer-parts.ts";
import { answerItems, countingItems, neuronItems, streamItems, wordCounter } from "./layer-results.ts";
import { cellFile, factorMemory, macroSize, meetsStream, offsetMemory } from "./layer-sizes.ts";
import { baseOf, type Loads, loadPins, loadPorts } from "./loads.ts";
import { both, countUp, indexBits, isAt, stepped } from "./parts.ts";
import type { LayerPlan, MachinePlan } from "./plan.ts";
import { SUM_BITS, scaledSumsName } from "./scaled-sums.ts";

/**
 * @param settings of a crossbar's macro: its parameters
 * @param loads where constants can be loaded; null: they are fixed
 */
export function layerModule(
  plan: MachinePlan,
  layer: LayerPlan,
  settings: (crossbar: number) => Readonly<Record<string, sv.Expression>>,
  loads: Loads | null,
): sv.Module {
  const { multiplexerSteps, lanes } = layer;
  const ports = [...layerPorts(plan, layer), ...(loads ? loadPorts(loads) : [])];
  const timing = timingDeclarations(plan);
  const muxNames = ["mux_q", "mux_1_q", "mux_2_q", "mux_3_q"];
  const parts: LayerParts = {
    plan,
    layer,
    loads,
    ports,
    s: sv.signals(ports, timing),
    muxes: multiplexerSteps > 1 ? muxNames.map((one) => sv.signal(one, indexBits(multiplexerSteps))) : null,
    sums: sv.signal("sums", lanes * SUM_BITS),
    values: sv.signal("values", lanes * plan.arithmetic.streamBits),
    token: sv.signal("token_q", indexBits(layer.tokens.length)),
    step: sv.signal("step_q", indexBits(plan.steps)),
  };
  const codes = Array.from({ length: layer.rowBlocks }, (_, b) => sv.signal(`codes_${b}`, lanes * plan.codeBits));
  const word = meetsStream(layer) && plan.hasStream ? wordCounter(plan, layer) : null;
  const stream = meetsStream(layer) ? streamItems(parts, word) : [];
  return {
    name: layer.module,
    header: headerOf(plan, layer),
    ports,
    items: [
      ...controlItems(parts, timing),
      sv.gap,
      ...crossbarItems(parts, codes, settings),
      sv.gap,
      ...sumItems(parts, codes),
      sv.gap,
      ...countingItems(parts, word),
      ...(stream.length > 0 ? [sv.gap, ...stream] : []),
      sv.gap,
      ...(layer.answers ? answerItems(parts) : neuronItems(parts)),
    ],
  };
}

/** Counts the clocks of a conversion, the steps of the multiplexers, and follows each step through the clocks after it. */
function controlItems(parts: LayerParts, [timer, stages, convert]: readonly sv.Declaration[]): sv.Item[] {
  const { plan, layer, s, muxes } = parts;
  const { settle, conversion } = plan.timing;
  const { timer_q } = s;
  const clock = (value: number) => sv.sized(timer_q.width!, value);
  const lastOfFirst = clock(settle + conversion - 1);
  const end = muxes ? sv.choose(isAt(muxes[0], 0), lastOfFirst, clock(conversion - 1)) : lastOfFirst;
  return [
    timer,
    ...(muxes ? [sv.declare(...muxes)] : []),
    stages,
    convert,
    sv.wire(s.convert, both(s.valid_i, sv.binary(timer_q, "==", end))),
    sv.wire(s.take_o, both(s.convert, ...isLastMux(parts, 0))),
    sv.registers(sv.cleared(timer_q, ...(muxes ? [muxes[0]] : []), s.coded_q, s.scaled_q, s.summed_q), [
      sv.when(s.valid_i, [sv.set(timer_q, sv.choose(s.convert, clock(0), stepped(timer_q)))]),
      ...(muxes ? [sv.when(s.convert, [countUp(muxes[0], layer.multiplexerSteps)])] : []),
      sv.set(s.coded_q, s.convert),
      sv.set(s.scaled_q, s.coded_q),
      sv.set(s.summed_q, s.scaled_q),
    ]),
    ...(muxes ? [sv.clocked(...[1, 2, 3].map((stage) => sv.set(muxes[stage], muxes[stage - 1])))] : []),
  ];
}

/** The analog part: crossbars with their converters, row block by row block. */
function crossbarItems(
  parts: LayerParts,
  codes: readonly sv.Signal[],
  settings: (crossbar: number) => Readonly<Record<string, sv.Expression>>,
): sv.Item[] {
  const { plan, layer, s, loads } = parts;
  const loaded = plan.fabric.kind === "memories" ? loads : null;
  return [
    ...codes.map((one) => sv.declare(one)),
    ...layer.groups.flatMap((group) =>
      group.blocks.map(({ crossbar, rowStart, rows, columns }, b) =>
        sv.instance(
          macroName(macroSize(group, layer.multiplexerSteps, rows, columns)),
          `u_crossbar_${crossbar}`,
          {
            clk_i: s.clk_i,
            ...macroPins(plan, s, { rows, columns }),
            ...(loaded ? loadPins(s) : {}),
            convert_i: s.convert,
            ...select(parts, 0),
            lines_i: sv.slice(s.lines_i, rowStart + rows - 1, rowStart),
            codes_o: sv.slice(
              codes[b],
              (group.firstLane + group.lanes) * plan.codeBits - 1,
              group.firstLane * plan.codeBits,
            ),
          },
          { ...settings(crossbar), ...(loaded ? baseOf(loaded, cellFile(crossbar)) : {}) },
        ),
      ),
    ),
  ];
}

/**
 * What a macro needs besides lines and conversions: noise counts vectors, and memory is read while a vector is there. Service pins are for
 * a tester.
 */
const macroPins = (
  { fabric, adc }: MachinePlan,
  { rst_ni, valid_i }: Control,
  size: Pick<AimcMacroSize, "rows" | "columns">,
): Record<string, sv.Expression> => {
  switch (fabric.kind) {
    case "macros":
      return {
        ...(hasNoise(adc) ? { rst_ni } : {}),
        ...Object.fromEntries(servicePins(size).map(({ name, width }) => [name, sv.sized(width ?? 1, 0)])),
      };
    case "memories":
      return { rst_ni, run_i: valid_i };
  }
};

/** Codes times factors, summed over row blocks, plus offsets. */
function sumItems(parts: LayerParts, codes: readonly sv.Signal[]): sv.Item[] {
  const { plan, layer, s, muxes, sums } = parts;
  const early = CONSTANT_LATENCY[plan.fabric.kind];
  const address = (stage: number) => (muxes ? muxes[stage - early] : sv.sized(1, 0));
  const [factors, offsets] = [
    constantItems(parts, "factors", factorMemory(plan, layer), address(1)),
    constantItems(parts, "offsets", offsetMemory(plan, layer), address(2)),
  ];
  return [
    ...factors.items,
    ...offsets.items,
    sv.declare(sums),
    sv.instance(scaledSumsName({ lanes: layer.lanes, rowBlocks: layer.rowBlocks }), "u_sums", {
      clk_i: s.clk_i,
      ...Object.fromEntries(codes.map((one, b) => [`codes_${b}_i`, one])),
      factors_i: factors.data,
      offsets_i: offsets.data,
      sums_o: sums,
    }),
  ];
}

function behind(layer: LayerPlan): string {
  if (layer.answers) return "followed by accumulators of the outputs";
  if (layer.beginsStream) return "sums and positions begin the residual stream, followed by neurons";
  if (!layer.ownNeurons) return "sums join the residual stream, followed by neurons";
  if (layer.attention !== null) return "followed by neurons that give q, k and v";
  return layer.block === null ? "followed by neurons that give the pixels of a map" : "followed by neurons";
}

function headerOf({ timing, stepMajor }: MachinePlan, layer: LayerPlan) {
  const { name, lines, outputs, groups, lanes, rowBlocks, multiplexerSteps } = layer;
  const clocks = timing.settle + multiplexerSteps * timing.conversion;
  return [
    `Layer ${name}: ${lines} lines to ${outputs} columns on ${groups.length * rowBlocks} crossbars, ${rowBlocks} row ${rowBlocks === 1 ? "block" : "blocks"} by ${groups.length} column ` +
      `${groups.length === 1 ? "group" : "groups"}; ${lanes} readout units, ${multiplexerSteps} multiplexer ${multiplexerSteps === 1 ? "step" : "steps"}; ${behind(layer)}.`,
    `A vector is held at lines_i while valid_i is 1, from its first clock to take_o, ${clocks} clocks; the next may follow at once. Vectors arrive ` +
      (stepMajor
        ? "step by step, all tokens of a step in succession."
        : "token by token, all steps of a token in succession."),
    `Latency: valid_o and the results are combinational, ${clocks} + 2 clocks after the first clock of a vector.`,
  ];
}
