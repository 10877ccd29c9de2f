/**
 * Programmed and calibrated chips for timing an evaluation, here and in `peers/chip_evaluation.py`:
 *
 *   link    the bundled network for the 2x2 link on the machine of `examples/wireless-2x2.json`, with device noise
 *   erring  the same with converter errors
 *   integers, erring integers   the same in integers after the converters
 *   image   preset paper-6-512-cifar10 with random weights and one image of random spikes: only its size matters
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { requireTransformer, type TransformerSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { converter } from "../src/hardware/adc.ts";
import type { CrossbarReading } from "../src/hardware/crossbar.ts";
import { mapNetwork } from "../src/mapping/mapping.ts";
import { decodeCheckpoint } from "../src/model/checkpoint.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { initialise, isWeight, type Network, parameterLayout, type Tensor } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { type Chip, programChip, readChip } from "../src/simulation/chip.ts";
import { fullScales } from "../src/simulation/compensation.ts";
import { calibrateFast, createStandaloneSimulator } from "../src/simulation/fast/simulate.ts";
import { columnFactors } from "../src/simulation/reference/linear.ts";
import { emptySpikeTrain, type SpikeTrain, unpackSpikes } from "../src/spike/train.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { createCaseWriter } from "./peer-files.ts";
import { randomBits } from "./reference-model.ts";
import { checksum, type Work } from "./same-work.ts";

export type CaseName = "link" | "integers" | "erring" | "erring integers" | "image";

const LINK_PROMPTS = 128;
/** Prompts per run of the simulator, as in `evaluateChips`. */
const LINK_SLICE = 32;
const CALIBRATION_PROMPTS = 32;
/** Prompts with which the peer checks its spikes. */
const RECORDED_PROMPTS = 1;

/** Factor on the initial weights, with which neurons would hardly fire; scaled, they give densities of 0.26 to 0.54. */
const IMAGE_WEIGHT_GAIN = 4;

/** Gain spread, offset spread and noise of a conversion, the last two in code steps. */
export const CONVERTER_ERRORS = { gainSpread: 0.01, offsetSpread: 0.2, outputNoise: 0.3 };

export interface ChipCase {
  readonly chip: Chip;
  /** Spikes of this many prompts each. */
  readonly slices: readonly SpikeTrain[];
  readonly slicePrompts: number;
}

/** What a peer can reproduce without our kernels: conversions of pairs, in floating point, with ideal draws. */
const FLOATING = { arithmetic: null, ssa: { random: "ideal" } } as const;

const root = stream(1);
export const runStream = root.fork("run");

export const chipCase = (name: CaseName): ChipCase =>
  name === "image" ? randomCase({ preset: "paper-6-512-cifar10" }) : linkCase(name.split(" "));

function linkCase(words: readonly string[]): ChipCase {
  const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)));
  const document = JSON.parse(read("examples/wireless-2x2.json").toString());
  const hardware = { ...document.hardware, ...FLOATING, ...(words.includes("integers") && { arithmetic: {} }) };
  if (words.includes("erring")) hardware.adc = { errors: CONVERTER_ERRORS };
  const experiment = parseExperiment({ ...document, preset: "paper", hardware });
  const { network: trained } = decodeCheckpoint(read("networks/wireless-2x2-xpikeformer.safetensors"));
  const network = foldNetwork(trained as Network<TransformerSpec>);
  const task = createTask({ ...experiment, model: network.model });
  const draw = (purpose: string, prompts: number, firstPrompt: number) =>
    task.draw(prompts, root.fork(purpose), { firstPrompt, values: false }).spikes as SpikeTrain;
  const blank = programChip(network, mapNetwork(network, experiment.hardware), experiment.hardware, root);
  const chip = calibrateFast(blank, draw("calibration", CALIBRATION_PROMPTS, 0), root.fork("calibration"));
  const starts = Array.from({ length: LINK_PROMPTS / LINK_SLICE }, (_, i) => i * LINK_SLICE);
  const slices = starts.map((first) => draw("evaluation", LINK_SLICE, first));
  return { chip, slices, slicePrompts: LINK_SLICE };
}

/** Random weights and one prompt of random spikes, a share of `density` ones to 2^-8. */
export function randomCase(document: object, { seed = 1, density = 0.25 } = {}): ChipCase {
  const root = stream(seed);
  const experiment = parseExperiment({ ...document, hardware: FLOATING });
  const geometry = networkGeometry(experiment, createTask(experiment));
  const network = foldNetwork(
    amplified(initialise(experiment.model as TransformerSpec, geometry, root.fork("weights"))),
  );
  const spikes = emptySpikeTrain(network.model.steps, geometry.tokens, geometry.inputs);
  spikes.words.set(randomBits(spikes.words.length, density, root.fork("spikes").word));
  const { hardware, task } = experiment;
  const blank = programChip(network, mapNetwork(network, hardware, task.coding), hardware, root);
  const chip = calibrateFast(blank, spikes, root.fork("calibration"));
  return { chip, slices: [spikes], slicePrompts: 1 };
}

function amplified<N extends Network>(network: N): N {
  const parameters: Record<string, Tensor> = { ...network.parameters };
  for (const { name, shape } of parameterLayout(network.model, network.geometry).filter(isWeight)) {
    parameters[name] = { shape, data: parameters[name].data.map((value) => IMAGE_WEIGHT_GAIN * value) };
  }
  return { ...network, parameters };
}

/** Sizes and checksums of chip and input, as the peer finds them in its tensors. */
export function describeCase({ chip, slices, slicePrompts }: ChipCase): Work {
  const { network, mapping } = chip;
  const { geometry } = network;
  const model = requireTransformer(network.model, "A benchmark");
  const readings = readChip(chip, runStream);
  const conductances = mapping.layers.flatMap(({ blocks }) =>
    blocks.flatMap(({ crossbar }) => [readings[crossbar].plus, readings[crossbar].minus]),
  );
  const prompts = slices.length * slicePrompts;
  const row = geometry.tokens * geometry.inputs;
  const sums = slices.map((slice, s) =>
    checksum(unpackSpikes(slice), (i) => {
      const prompt = Math.floor(i / row);
      const step = Math.floor(prompt / slicePrompts);
      return (step * prompts + s * slicePrompts + (prompt % slicePrompts)) * row + (i % row);
    }),
  );
  const total = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
  return {
    ...{ steps: model.steps, depth: model.depth, heads: model.heads, prompts },
    ...{ tokens: geometry.tokens, inputs: geometry.inputs, queries: geometry.queries.length },
    "pairs of tokens that attend": total(geometry.mask),
    "ones of the inputs": total(sums.map(([ones]) => ones)),
    "places of the ones": total(sums.map(([, places]) => places)),
    conductances: total(conductances.map(({ length }) => length)),
    "sum of the conductances": total(conductances.map((values) => checksum(values)[0])),
  };
}

/**
 * Writes the chip, its input and the spikes of the first prompts for the peer. Conductances are those of the read that our side uses.
 */
export function exportCase({ chip, slices, slicePrompts }: ChipCase, folder: string): void {
  const { network, mapping, hardware } = chip;
  const { geometry, parameters } = network;
  const model = requireTransformer(network.model, "A benchmark");
  if (hardware.adc.mode !== "pair" || hardware.adc.bits === null) throw new Error("The peer converts pairs, with bits");
  const { bits } = hardware.adc;
  const readings = readChip(chip, runStream);
  const scales = fullScales(chip, readings);
  const { place, write } = createCaseWriter();
  const layers = mapping.layers.map(({ name, outputs, blocks }) => {
    const rowStarts = [...new Set(blocks.map(({ rowStart }) => rowStart))];
    return {
      name,
      offset: place(parameters[`${name}.offset`].data, outputs),
      // Column groups next to each other: one matrix product for all crossbars of a row block.
      blocks: rowStarts.map((rowStart) => {
        const row = blocks.filter((block) => block.rowStart === rowStart);
        const { rows } = row[0];
        const columnwise = (values: (crossbar: number) => ArrayLike<number>) =>
          place(Float32Array.from(row.flatMap(({ crossbar }) => Array.from(values(crossbar)))), outputs);
        const matrix = (sign: "plus" | "minus") => {
          const joined = new Float32Array(rows * outputs);
          for (const { crossbar, columnStart, columns } of row) {
            const values: CrossbarReading[typeof sign] = readings[crossbar][sign];
            for (let r = 0; r < rows; r++) {
              joined.set(values.subarray(r * columns, (r + 1) * columns), r * outputs + columnStart);
            }
          }
          return place(joined, rows, outputs);
        };
        const converters = (crossbar: number) => converter("pair", bits, scales[crossbar]);
        const errors = (crossbar: number) => chip.converterErrors![crossbar];
        return {
          rowStart,
          rows,
          plus: matrix("plus"),
          minus: matrix("minus"),
          steps: columnwise((crossbar) => readings[crossbar].scales.map(() => converters(crossbar).step)),
          factors: columnwise((crossbar) => columnFactors(converters(crossbar), readings[crossbar].scales)),
          errors: chip.converterErrors && {
            gains: [columnwise((c) => errors(c).plus.gains), columnwise((c) => errors(c).minus.gains)],
            offsets: [columnwise((c) => errors(c).plus.offsets), columnwise((c) => errors(c).minus.offsets)],
          },
        };
      }),
    };
  });
  const inputs = slices.map((slice) =>
    place(Float32Array.from(unpackSpikes(slice)), slice.steps, slicePrompts, geometry.tokens, geometry.inputs),
  );
  const { width, depth, heads, steps, neuron, attention } = model;
  write(folder, {
    model: { width, depth, heads, steps, neuron, attention },
    tokens: geometry.tokens,
    queries: Array.from(geometry.queries),
    position: model.position === "none" ? null : place(parameters.position.data, geometry.tokens, model.width),
    mask: place(Float32Array.from(geometry.mask), geometry.tokens, geometry.tokens),
    largestCode: converter("pair", bits, 1).largest,
    outputNoise: hardware.adc.errors.outputNoise,
    layers,
    inputs,
    recorded: Object.fromEntries(
      Object.entries(recordedSpikes({ chip, slices, slicePrompts })).map(([name, train]) => [
        name,
        place(Float32Array.from(unpackSpikes(train)), train.steps, RECORDED_PROMPTS, geometry.tokens, train.features),
      ]),
    ),
  });
}

/** All spikes of the first prompts: given the spikes before a layer, a peer must obtain those after it. */
function recordedSpikes({ chip, slices, slicePrompts }: ChipCase): Readonly<Record<string, SpikeTrain>> {
  const simulator = createStandaloneSimulator(chip, { maxPrompts: slicePrompts });
  return simulator.run(slices[0], runStream, { rasters: RECORDED_PROMPTS }).rasters;
}
