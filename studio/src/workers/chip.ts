/**
 * A worker that holds the first chip of an experiment, and answers questions about it: prompts, crossbars, cells and tiles. The numbers are
 * those of `xpike run`.
 */
import {
  answer,
  type Batch,
  type Chip,
  type ChipState,
  type CrossbarView,
  chipAt,
  createTask,
  type Experiment,
  foldNetwork,
  type Given,
  type ImageData,
  type Inspection,
  inspectCrossbar,
  inspectPrompt,
  inspectTile,
  type Machine,
  type Mapping,
  machineNetwork,
  machineOf,
  mapNetwork,
  meanLogits,
  type Network,
  type NoiseSource,
  noiseSources,
  type PromptBatch,
  readChip,
  readCrossbar,
  type Schedule,
  type SpikeTrain,
  type SpikingSpec,
  type Stream,
  scheduleOf,
  simulateFast,
  stream,
  type TileView,
  type TransformerSpec,
  withNoiseAlone,
  withoutNoise,
} from "xpikeformer";
import {
  chipFrom,
  codeRange,
  firstChip,
  kitOf,
  type NeuronView,
  requireTransformer,
  type TileWaves,
  type WavePlace,
} from "xpikeformer/internal";
import { serve } from "./calls.ts";
import { type Materials, networkOf, readAhead } from "./materials.ts";

/** A prompt: an evaluation prompt, or the user's own image, `[height, width, channels]`; of a link, perhaps the user's own symbol. */
export interface Asked {
  readonly index: number;
  readonly image: Uint8Array | null;
  /** The class that is sent at the query; null: the prompt's own. */
  readonly symbol: number | null;
}

/** The parts that are the same for every prompt. */
export interface ChipView {
  readonly mapping: Mapping;
  readonly machine: Machine;
  readonly schedule: Schedule;
  readonly model: TransformerSpec;
  readonly tokens: number;
  /** Largest programmed conductance, microsiemens. */
  readonly maxConductance: number;
}

/** A prompt and the chip's answer. */
export interface PromptView {
  readonly asked: Asked;
  /** Of a link; null for an image. */
  readonly link: LinkView | null;
  /** Of an image; null for a link. */
  readonly image: ImageView | null;
  readonly classes: number;
  /** The right class; null if unknown. */
  readonly label: number | null;
  /** The chip's decisions after 1 .. T time steps, at the query. */
  readonly decisions: Int32Array;
  /** Logits at the query after 1 .. T time steps, `[steps, classes]`, or `[steps, bits]` of a bit read-out. */
  readonly logits: Float32Array;
  /** Wrong bits of the last decision, or 1 for a wrong class; 0 if unknown. */
  readonly wrong: number;
  readonly tokens: number;
  readonly rasters: Readonly<Record<string, SpikeTrain>>;
}

export interface LinkView {
  /** Classes sent, by pair; the last is the query. */
  readonly labels: Int32Array;
  /** Received vectors as the network sees them, complex `[pairs, antennas]`. */
  readonly received: Float64Array;
  readonly snrDecibels: number;
}

export interface ImageView {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** `[height, width, channels]`, 0 to 255. */
  readonly pixels: Uint8Array;
  /** Name of each class. */
  readonly names: readonly string[];
}

/** A crossbar with the ends of its scales, which depend neither on the time step nor on the age. */
export interface ScaledCrossbar extends CrossbarView {
  /** Of the column with the most conductance as programmed, all rows driven, microsiemens. */
  readonly mostCurrent: number;
  /** The largest code; null for exact currents. */
  readonly mostCode: number | null;
}

/** A head's tile with the end of its scale, which does not depend on the time step. */
export interface ScaledTile extends TileView {
  /** Most coincidences of a query and a key in any time step of the prompt; at least 1. */
  readonly mostCount: number;
}

/** Conductances of a layer as they are read, plus device less minus device, microsiemens: `[rows, columns]` of each crossbar. */
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
  /** The target weight. */
  readonly weight: number;
  /** Microsiemens for a weight of 1. */
  readonly scale: number;
}

/** A prompt at a time step. */
export interface Moment {
  readonly asked: Asked;
  readonly step: number;
}

export interface NeuronAsked {
  readonly train: string;
  readonly neuron: number;
  readonly token: number;
}

interface Held {
  readonly experiment: Experiment;
  readonly data: ImageData | null;
  readonly network: Network<SpikingSpec>;
  readonly folded: Network<SpikingSpec>;
  readonly chip: Chip;
  readonly random: Stream;
}

let materials: Materials;
let held: Held;
/** The network and data of the held chip. */
let madeOf: Materials | null = null;
/** Counts requests for causes, and chips: work for an older one ends. */
let causesAsked = 0;
/** The prompt inspected last. */
let looked: { readonly asked: Asked; readonly inspection: Inspection } | null = null;

/** The decision on a prompt with a single noise source, or with all but one. */
export interface Cause {
  /** Null: none at all. */
  readonly source: NoiseSource | null;
  /** Whether all others are on; otherwise it is alone. */
  readonly without: boolean;
  readonly decision: number;
  readonly wrong: number;
  /** Logit of the right class less the largest of the others; null where the right class is unknown. */
  readonly margin: number | null;
}

/** Everything except the age: chips that differ in age only are programmed once. */
const programming = ({ hardware, ...rest }: Experiment): string =>
  JSON.stringify({ ...rest, hardware: { ...hardware, readTime: 0 } });

const functions = {
  /** Keeps the network and data of the next chips. */
  hold(next: Materials) {
    materials = next;
    readAhead(next);
  },

  /** The held chip at the experiment's age, if it is the first chip of the same machine; otherwise null. */
  age(experiment: Experiment): ChipView | null {
    if (!held || madeOf !== materials || programming(held.experiment) !== programming(experiment)) return null;
    return take({ ...held, experiment, chip: chipAt(held.chip, experiment.hardware.readTime) });
  },

  /** Takes the first chip of an experiment, programmed and calibrated by the evaluation. */
  open({ experiment, state }: { experiment: Experiment; state: ChipState }): ChipView {
    const { data } = materials;
    const { hardware, seed, task } = experiment;
    const network = networkOf(materials, experiment);
    const folded = foldNetwork(network);
    const chip = chipFrom({ network: folded, mapping: mapNetwork(folded, hardware, task.coding), hardware }, [state]);
    madeOf = materials;
    return take({ experiment, data, network, folded, chip, random: stream(seed).fork("chip", 0) });
  },

  prompt(asked: Asked): PromptView {
    return decide(held, asked);
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

  crossbar({ asked, crossbar, step, token }: Moment & { crossbar: number; token: number }): ScaledCrossbar {
    const { adc } = held.experiment.hardware;
    return {
      ...inspectCrossbar(lookInto(asked), crossbar, step, token),
      mostCurrent: mostCurrent(held.chip.crossbars[crossbar]),
      mostCode: adc.bits === null ? null : codeRange(adc).high,
    };
  },

  /** A neuron at a token; its train may have fewer rows than the network has tokens. */
  async neuron({ asked, train, neuron, token }: Omit<Moment, "step"> & NeuronAsked): Promise<NeuronView> {
    const { inspectNeuron } = await import("./neuron.ts");
    const inspection = lookInto(asked);
    return inspectNeuron(inspection, train, neuron, Math.min(token, inspection.neurons[train].rows - 1));
  },

  cell({ crossbar, row, column }: { crossbar: number; row: number; column: number }): CellView {
    const { chip, folded, random } = held;
    const programmed = chip.crossbars[crossbar];
    const at = row * programmed.columns + column;
    const layer = chip.mapping.layers.find(({ blocks }) => blocks.some((block) => block.crossbar === crossbar))!;
    const { rowStart, columnStart } = layer.blocks.find((block) => block.crossbar === crossbar)!;
    // The read noise that the prompt saw: its crossbar's stream, at every age.
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

  /**
   * Decides a prompt on chips with one noise source each, otherwise exact, then on chips without one of them, and reports each decision. A
   * new request, or another chip, ends it.
   */
  async causes(asked: Asked, tell: (cause: Cause) => void) {
    const { experiment, network, data } = held;
    const question = ++causesAsked;
    const sources = noiseSources(experiment.hardware);
    const alone = [null, ...sources].map((source) => ({ source, without: false }));
    for (const { source, without } of [...alone, ...sources.map((source) => ({ source, without: true }))]) {
      // Lets other questions in between two chips.
      await new Promise((resolve) => setTimeout(resolve));
      if (question !== causesAsked) return;
      const hardware = without
        ? withoutNoise(experiment.hardware, [source!.id])
        : withNoiseAlone(experiment.hardware, source?.id ?? null);
      const mapping = mapNetwork(foldNetwork(network), hardware, experiment.task.coding);
      const { chip, random } = firstChip(given({ ...experiment, hardware }, data), network, mapping);
      const view = decide({ experiment, data, network, chip, random }, asked);
      const { decisions, wrong } = view;
      tell({ source, without, decision: decisions[decisions.length - 1], wrong, margin: marginOf(view) });
    }
  },

  /** The next prompt after `from` that this chip gets wrong, of `count`, from the first again at their end; null if it gets all right. */
  async nextWrong({ from, count }: { from: number; count: number }): Promise<number | null> {
    const { chip } = held;
    for (let i = 1; i <= count; i++) {
      const index = (from + i) % count;
      // Lets other questions in between two prompts.
      await new Promise((resolve) => setTimeout(resolve));
      if (held.chip !== chip) return null;
      if (decide(held, { index, image: null, symbol: null }).wrong > 0) return index;
    }
    return null;
  },

  /** SystemVerilog of the chip's attention, by file name, as `xpike rtl` writes it, and notes on what is left out. */
  async rtl(prompts: number) {
    const { networkRtl } = await import("./rtl.ts");
    const { experiment, network, data } = held;
    const notes: string[] = [];
    return { files: networkRtl({ experiment, data }, network, prompts, notes), notes };
  },

  /** The waveform of a head's tile on a prompt, for one query and one key. */
  async waves({ asked, place }: { asked: Asked; place: WavePlace }): Promise<TileWaves> {
    const { tileWaves } = await import("./rtl.ts");
    const { chip, random } = held;
    return tileWaves(chip, drawPrompt(held, asked).spikes!, random.fork("run"), place, asked.index);
  },

  tile({ asked, block, head, step }: Moment & { block: number; head: number }): ScaledTile {
    const inspection = lookInto(asked);
    const { steps } = inspection.trace;
    if (!(step < steps)) throw new RangeError(`time step ${step} of a prompt with ${steps}`);
    const tiles = Array.from({ length: steps }, (_, t) => inspectTile(inspection, block, head, t));
    return { ...tiles[step], mostCount: Math.max(1, ...tiles.map(({ scores }) => Math.max(...scores.counts))) };
  },
};

/** Makes this the held chip. */
function take(next: Held): ChipView {
  looked = null;
  causesAsked++;
  held = next;
  const { chip, network, experiment } = held;
  const machine = machineOf(experiment.hardware, machineNetwork(network.model, network.geometry));
  return {
    mapping: chip.mapping,
    machine,
    schedule: scheduleOf(machine),
    model: requireTransformer(network.model, "The studio"),
    tokens: network.geometry.tokens,
    maxConductance: chip.device.maxConductance,
  };
}

function mostCurrent({ columns, plus, minus }: Chip["crossbars"][number]): number {
  let most = 0;
  for (const { conductances } of [plus, minus]) {
    const sums = new Float64Array(columns);
    for (const [i, conductance] of conductances.entries()) sums[i % columns] += conductance;
    most = Math.max(most, ...sums);
  }
  return most;
}

/** One second to ten years, two per decade; the curves are smooth in between. */
const AGES = Array.from({ length: 18 }, (_, i) => 10 ** (i / 2));

const given = (experiment: Experiment, data: ImageData | null): Given => ({ experiment, data });

/** Runs a prompt through a chip. */
function decide(of: Omit<Held, "folded">, asked: Asked): PromptView {
  const { experiment, network, chip, random, data } = of;
  const { classes, tokens } = network.geometry;
  const batch = drawPrompt(of, asked);
  const options = { firstPrompt: asked.index, rasters: 1 };
  const { steps, stepLogits, rasters } = simulateFast(chip, batch.spikes!, random.fork("run"), options);
  const labels = Int32Array.from(batch.labels);
  const last = labels.length - 1;
  const outputs = stepLogits.length / (steps * labels.length);
  const logits = new Float32Array(steps * outputs);
  const decisions = Int32Array.from({ length: steps }, (_, t) => {
    const mean = meanLogits(stepLogits, steps, t + 1);
    logits.set(mean.subarray(last * outputs), t * outputs);
    return answer(mean, labels, classes, network.model.readOut).decisions[last];
  });
  const label = asked.image === null ? labels[last] : null;
  const errors =
    label === null ? null : kitOf(experiment.task).errors([label], [decisions[steps - 1]], experiment.task);
  return {
    asked,
    link: data === null ? linkOf(batch as PromptBatch, labels) : null,
    image: data && imageOf(data, asked),
    ...{ classes, label, decisions, logits, tokens, rasters },
    wrong: errors ? errors.wrong[0] : 0,
  };
}

/** How far the right class is ahead after the last time step; of a bit read-out, its least certain bit. */
function marginOf({ logits, decisions, label, classes }: PromptView): number | null {
  if (label === null) return null;
  const outputs = logits.length / decisions.length;
  const last = logits.subarray(logits.length - outputs);
  if (outputs !== classes) return Math.min(...last.map((z, bit) => ((label >> (outputs - 1 - bit)) & 1 ? z : -z)));
  return last[label] - Math.max(...last.filter((_, other) => other !== label));
}

const linkOf = ({ quantised, snrDecibels }: PromptBatch, labels: Int32Array): LinkView => ({
  labels,
  received: quantised,
  snrDecibels: snrDecibels[0],
});

function imageOf({ test }: ImageData, { index, image }: Asked): ImageView {
  const { height, width, channels, classes: names } = test;
  const size = height * width * channels;
  return { height, width, channels, names, pixels: image ?? test.pixels.slice(index * size, (index + 1) * size) };
}

/** An image of one's own takes the place of the test images: it is coded as the first of them. */
function drawPrompt(
  { experiment: { seed, task }, network: { model }, data }: Omit<Held, "folded">,
  asked: Asked,
): Batch {
  const { index, image, symbol } = asked;
  const own = data && image && { ...data, test: { ...data.test, count: 1, pixels: image, labels: Uint16Array.of(0) } };
  const random = stream(seed).fork("evaluation");
  const options = { firstPrompt: own ? 0 : index, values: false, ...(symbol !== null && { query: symbol }) };
  return createTask({ task, model }, own ?? data).draw(1, random, options);
}

/** A prompt on the chip with all that was seen; kept until another one is looked into. */
function lookInto(asked: Asked): Inspection {
  const isSame = looked?.asked.index === asked.index && looked.asked.symbol === asked.symbol;
  if (!isSame || !isSameImage(looked!.asked.image, asked.image)) {
    const { chip, random } = held;
    const { spikes } = drawPrompt(held, asked);
    looked = { asked, inspection: inspectPrompt(chip, spikes!, random.fork("run"), asked.index) };
  }
  return looked!.inspection;
}

const isSameImage = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === b || (a !== null && b !== null && a.every((value, i) => value === b[i]));

export type ChipFunctions = typeof functions;

serve(functions);
