/**
 * The first chip of an experiment, held by a worker, and what is to be seen of it: prompts that it answers, its crossbars, cells and
 * tiles. The numbers are those of `xpike run`.
 */
import {
  answer,
  asDescribed,
  bitErrors,
  type Chip,
  type CrossbarView,
  chipAt,
  createTask,
  decodeCheckpoint,
  type Experiment,
  firstChip,
  foldNetwork,
  type Inspection,
  inspectCrossbar,
  inspectPrompt,
  inspectTile,
  isSymbolDetection,
  type Machine,
  type Mapping,
  machineOf,
  mapNetwork,
  meanLogits,
  type Network,
  type NoiseSource,
  noiseSources,
  readChip,
  readCrossbar,
  type Schedule,
  type SpikeTrain,
  type SpikingSpec,
  type Stream,
  type SymbolDetectionSpec,
  scheduleOf,
  shapeOf,
  simulateFast,
  stream,
  type TileView,
  withNoiseAlone,
} from "xpikeformer";
import { serve } from "./calls.ts";

export interface ChipGiven {
  readonly experiment: Experiment;
  /** Bytes of the network's checkpoint. */
  readonly checkpoint: ArrayBuffer;
}

/** What does not change from prompt to prompt. */
export interface ChipView {
  readonly mapping: Mapping;
  readonly machine: Machine;
  readonly schedule: Schedule;
  readonly model: SpikingSpec;
  /** Largest programmed conductance, microsiemens. */
  readonly maxConductance: number;
}

/** One evaluation prompt of a link and what the chip makes of it. */
export interface PromptView {
  readonly index: number;
  /** Classes sent, by pair; the last one is asked for. */
  readonly labels: Int32Array;
  /** Received vectors as the network sees them, complex `[pairs, antennas]`. */
  readonly received: Float64Array;
  readonly snrDecibels: number;
  readonly classes: number;
  /** What the chip decides after 1 .. T time steps, at the query. */
  readonly decisions: Int32Array;
  /** Logits at the query after 1 .. T time steps, `[steps, classes]`. */
  readonly logits: Float32Array;
  /** Wrong bits of the last decision. */
  readonly wrongBits: number;
  readonly tokens: number;
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
}

/** A layer's conductances as they are read, plus minus minus, microsiemens: `[rows, columns]` of each of its crossbars. */
export type LayerView = readonly { readonly crossbar: number; readonly net: Float32Array }[];

/** The two devices of a cell, microsiemens. */
export interface CellView {
  /** Seconds after programming. */
  readonly ages: readonly number[];
  /** As they are read at these ages. */
  readonly plus: readonly number[];
  readonly minus: readonly number[];
  /** Just after programming. */
  readonly programmed: { readonly plus: number; readonly minus: number };
  /** The weight that they stand for, and what the network asked for. */
  readonly weight: number;
  /** Microsiemens for a weight of 1. */
  readonly scale: number;
}

/** A prompt at a time step. */
interface Moment {
  readonly index: number;
  readonly step: number;
}

type LinkExperiment = Experiment<SymbolDetectionSpec>;

interface Held {
  readonly experiment: Experiment;
  readonly network: Network<SpikingSpec>;
  readonly folded: Network<SpikingSpec>;
  readonly chip: Chip;
  readonly random: Stream;
}

let held: Held;
/** The prompt that was looked into last. */
let looked: { readonly index: number; readonly inspection: Inspection } | null = null;

/** What a prompt is decided as where one source of noise is at work alone. */
export interface Cause {
  /** Null: none at all. */
  readonly source: NoiseSource | null;
  readonly decision: number;
  readonly wrongBits: number;
}

/** Everything but the age: of chips that are programmed alike, one is enough. */
const programming = ({ hardware, ...rest }: Experiment): string =>
  JSON.stringify({ ...rest, hardware: { ...hardware, readTime: 0 } });

const functions = {
  /** Programs and calibrates the chip, where it is not another age of the one before. */
  open({ experiment, checkpoint }: ChipGiven): ChipView {
    looked = null;
    if (held && programming(held.experiment) === programming(experiment)) {
      held = { ...held, experiment, chip: chipAt(held.chip, experiment.hardware.readTime) };
    } else {
      const network = asDescribed(experiment, decodeCheckpoint(new Uint8Array(checkpoint)).network, []);
      const folded = foldNetwork(network);
      const mapping = mapNetwork(folded, experiment.hardware, experiment.task.coding);
      const { chip, random } = firstChip({ experiment, data: null }, network, mapping);
      held = { experiment, network, folded, chip, random };
    }
    const { chip, network } = held;
    const machine = machineOf(experiment.hardware, shapeOf(network.model, network.geometry));
    return {
      mapping: chip.mapping,
      machine,
      schedule: scheduleOf(machine),
      model: network.model,
      maxConductance: chip.device.maxConductance,
    };
  },

  /** Runs one evaluation prompt. */
  prompt(index: number): PromptView {
    const { experiment, network, chip, random } = held;
    if (!isSymbolDetection(experiment)) throw new Error("Only links have received symbols.");
    return decide(experiment, network, chip, random, index);
  },

  layer(name: string): LayerView {
    const { chip, random } = held;
    const readings = looked?.inspection.readings ?? readChip(chip, random.fork("run"));
    const { blocks } = chip.mapping.layers.find((layer) => layer.name === name)!;
    return blocks.map(({ crossbar }) => {
      const { plus, minus } = readings[crossbar];
      return { crossbar, net: plus.map((conductance, i) => conductance - minus[i]) };
    });
  },

  crossbar({ index, crossbar, step, token }: Moment & { crossbar: number; token: number }): CrossbarView {
    return inspectCrossbar(lookInto(index), crossbar, step, token);
  },

  cell({ crossbar, row, column }: { crossbar: number; row: number; column: number }): CellView {
    const { chip, folded, random } = held;
    const programmed = chip.crossbars[crossbar];
    const at = row * programmed.columns + column;
    const layer = chip.mapping.layers.find(({ blocks }) => blocks.some((block) => block.crossbar === crossbar))!;
    const { rowStart, columnStart } = layer.blocks.find((block) => block.crossbar === crossbar)!;
    // The noise of the read that the prompt saw: its crossbar's stream, at every age.
    const read = random.fork("run").fork("read", crossbar);
    const readings = AGES.map((age) => readCrossbar(programmed, chip.device, age, read, false));
    return {
      ages: AGES,
      plus: readings.map(({ plus }) => plus[at]),
      minus: readings.map(({ minus }) => minus[at]),
      programmed: { plus: programmed.plus.conductances[at], minus: programmed.minus.conductances[at] },
      weight: folded.parameters[`${layer.name}.weight`].data[(rowStart + row) * layer.outputs + columnStart + column],
      scale: programmed.scales[column],
    };
  },

  /** Decides a prompt anew on chips with one source of noise each, all else exact; tells each decision as it comes. */
  async causes(index: number, tell: (cause: Cause) => void) {
    const { experiment, network } = held;
    for (const source of [null, ...noiseSources(experiment.hardware)]) {
      // Other questions may come between two chips.
      await new Promise((resolve) => setTimeout(resolve));
      const hardware = withNoiseAlone(experiment.hardware, source?.id ?? null);
      const mapping = mapNetwork(foldNetwork(network), hardware, experiment.task.coding);
      const { chip, random } = firstChip({ experiment: { ...experiment, hardware }, data: null }, network, mapping);
      const { decisions, wrongBits } = decide(experiment as LinkExperiment, network, chip, random, index);
      tell({ source, decision: decisions[decisions.length - 1], wrongBits });
    }
  },

  tile({ index, block, head, step }: Moment & { block: number; head: number }): TileView {
    return inspectTile(lookInto(index), block, head, step);
  },
};

/** A second to ten years, four to a decade, as far as devices are described. */
const AGES = Array.from({ length: 35 }, (_, i) => 10 ** (i / 4));

/** A prompt through a chip: `random` is the chip's stream. */
function decide(
  experiment: LinkExperiment,
  network: Network<SpikingSpec>,
  chip: Chip,
  random: Stream,
  index: number,
): PromptView {
  const { classes, tokens } = network.geometry;
  const batch = drawPrompt(experiment, network, index);
  const options = { firstPrompt: index, rasters: 1 };
  const { steps, stepLogits, rasters } = simulateFast(chip, batch.spikes!, random.fork("run"), options);
  const labels = Int32Array.from(batch.labels);
  const last = labels.length - 1;
  const logits = new Float32Array(steps * classes);
  const decisions = Int32Array.from({ length: steps }, (_, t) => {
    const mean = meanLogits(stepLogits, steps, t + 1);
    logits.set(mean.subarray(last * classes), t * classes);
    return answer(mean, labels, classes).decisions[last];
  });
  const wrongBits = bitErrors([labels[last]], [decisions[steps - 1]], experiment.task)[0];
  const [snrDecibels] = batch.snrDecibels;
  const { quantised: received } = batch;
  return { index, labels, received, snrDecibels, classes, decisions, logits, wrongBits, tokens, rasters };
}

const drawPrompt = ({ seed, task }: LinkExperiment, { model }: Network, index: number) =>
  createTask({ task, model }).draw(1, stream(seed).fork("evaluation"), { firstPrompt: index, values: false });

/** A prompt on the chip with all that was seen; kept until another one is looked into. */
function lookInto(index: number): Inspection {
  const { experiment, network, chip, random } = held;
  if (looked?.index !== index) {
    const { spikes } = drawPrompt(experiment as LinkExperiment, network, index);
    looked = { index, inspection: inspectPrompt(chip, spikes!, random.fork("run"), index) };
  }
  return looked.inspection;
}

export type ChipFunctions = typeof functions;

serve(functions);
