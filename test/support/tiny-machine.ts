/**
 * Chips small enough that their whole machine compiles in seconds: crossbars that end within layers, and units that share
 * converters unevenly.
 */
import { stemSpec, transformerSpec } from "../../src/experiment/model.ts";
import { mapNetwork } from "../../src/mapping/mapping.ts";
import { type Geometry, inputRows } from "../../src/model/geometry.ts";
import { stream } from "../../src/numeric/stream.ts";
import { type MachineDesign, machineDesign } from "../../src/rtl/machine/design.ts";
import type { Fabric } from "../../src/rtl/machine/fabric.ts";
import { type MachineVectors, machineVectors } from "../../src/rtl/machine/vectors.ts";
import { type Chip, programChip } from "../../src/simulation/chip.ts";
import { calibrateFast } from "../../src/simulation/fast/simulate.ts";
import { packSpikes, type SpikeTrain } from "../../src/spike/train.ts";
import { decide } from "../../src/task/answers.ts";
import { listedNetwork } from "./listed-networks.ts";
import { literalMachine } from "./literal-machine.ts";
import { copiesGeometry, meanGeometry, tinyBits, tinyGeometry, tinyNetwork } from "./tiny-network.ts";
import { stemmed } from "./tiny-stem.ts";

export interface MachineSetting {
  readonly model?: { readonly neuron?: object; readonly attention?: object; readonly [field: string]: unknown };
  readonly hardware?: {
    readonly ssa?: object;
    readonly adc?: object;
    readonly arithmetic?: object;
    readonly [field: string]: unknown;
  };
  /** A list instead of blocks: on tokens, or with convolutions on a map. */
  readonly operations?: readonly object[];
  readonly readOut?: "mean" | "copies";
  /** For a machine that reads out the mean. */
  readonly tokens?: number;
  readonly steps?: number;
}

/** The source of such machines. */
export const madeInTests = {
  version: "0.0.0",
  experiment: "a test",
  fingerprint: 0xc0db_0001,
  origin: "Random spikes.",
};

export const tinyPrompts = (prompts: number, steps = 3, tokens = tinyGeometry.tokens): SpikeTrain =>
  packSpikes(tinyBits(steps, prompts, 3, tokens), steps, prompts * tokens, tinyGeometry.inputs);

/** Two blocks of width 24 on crossbars of 7 lines and 10 columns, four columns to a converter. */
export function tinyChip({
  model = {},
  hardware = {},
  operations,
  readOut,
  steps = 3,
  tokens,
}: MachineSetting = {}): Chip {
  const base = { kind: "spiking", normalisation: "none", width: 24, heads: 3, depth: 2, expansion: 2, steps };
  const neuron = { threshold: 0.4, ...model.neuron };
  const gains = { scoreGain: 16, valueGain: 2 };
  const attention = model.attention && "kind" in model.attention ? model.attention : { ...gains, ...model.attention };
  // A bit read-out needs classes that are words of bits.
  const classes = model.readOut === "bits" ? 8 : tinyGeometry.classes;
  const stem = model.stem === undefined ? null : stemSpec.parse(model.stem);
  const plain = readOut === "mean" ? meanOf(tokens) : readOut === "copies" ? copiesGeometry : tinyGeometry;
  const geometry = { ...(stem ? stemmed(stem, tinyGeometry.inputs) : plain), classes };
  const network = operations
    ? listedNetwork(operations, geometry, { normalisation: "none", steps, ...model, neuron })
    : tinyNetwork(transformerSpec.parse({ ...base, ...model, neuron, attention }), 4, geometry);
  const spec = literalMachine({
    crossbar: { rows: 7, columns: 10 },
    arithmetic: {},
    ...hardware,
    adc: { mode: "differential", sharing: 4, ...hardware.adc },
    ssa: { random: "lfsr", fifo: "row", ...hardware.ssa },
  });
  const chip = programChip(network, mapNetwork(network, spec), spec, stream(1));
  return calibrateFast(chip, tinyPrompts(4, steps, inputRows(network.geometry)), stream(2));
}

const meanOf = (tokens = tinyGeometry.tokens): Geometry => ({
  ...meanGeometry,
  ...{ tokens, mask: new Uint8Array(tokens ** 2).fill(1), queries: Int32Array.of(tokens - 1) },
});

/** The machine of such a chip, with vectors of several prompts. */
export function tinyMachine(
  setting: MachineSetting = {},
  prompts = 3,
  fabric?: Fabric,
  isInFlight = false,
): { chip: Chip; design: MachineDesign; vectors: MachineVectors } {
  const chip = tinyChip(setting);
  const random = stream(5);
  const design = machineDesign(chip, random, fabric, isInFlight);
  return {
    chip,
    design,
    vectors: machineVectors(
      design,
      chip,
      tinyPrompts(prompts, setting.steps, inputRows(chip.network.geometry)),
      random,
      decide,
    ),
  };
}
