/** The first chip of an experiment, held by a worker, and what it does with single prompts. The numbers are those of `xpike run`. */
import {
  answer,
  asDescribed,
  bitErrors,
  type Chip,
  createTask,
  decodeCheckpoint,
  type Experiment,
  firstChip,
  foldNetwork,
  isSymbolDetection,
  type Mapping,
  mapNetwork,
  meanLogits,
  type Network,
  type SpikeTrain,
  type SpikingSpec,
  type Stream,
  simulateFast,
  stream,
} from "xpikeformer";
import { serve } from "./calls.ts";

export interface ChipGiven {
  readonly experiment: Experiment;
  /** Bytes of the network's checkpoint. */
  readonly checkpoint: ArrayBuffer;
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

interface Held {
  readonly experiment: Experiment;
  readonly network: Network<SpikingSpec>;
  readonly mapping: Mapping;
  readonly chip: Chip;
  readonly random: Stream;
}

let held: Held | undefined;

const functions = {
  /** Programs and calibrates the chip. */
  open({ experiment, checkpoint }: ChipGiven): Mapping {
    const network = asDescribed(experiment, decodeCheckpoint(new Uint8Array(checkpoint)).network, []);
    const mapping = mapNetwork(foldNetwork(network), experiment.hardware, experiment.task.coding);
    const { chip, random } = firstChip({ experiment, data: null }, network, mapping);
    held = { experiment, network, mapping, chip, random };
    return mapping;
  },

  /** Runs one evaluation prompt. */
  prompt(index: number): PromptView {
    const { experiment, network, chip, random } = held!;
    if (!isSymbolDetection(experiment)) throw new Error("Only links have received symbols.");
    const { geometry } = network;
    const task = createTask({ task: experiment.task, model: network.model });
    const batch = task.draw(1, stream(experiment.seed).fork("evaluation"), { firstPrompt: index, values: false });
    const options = { firstPrompt: index, rasters: 1 };
    const { steps, stepLogits, rasters } = simulateFast(chip, batch.spikes!, random.fork("run"), options);
    const labels = Int32Array.from(batch.labels);
    const last = labels.length - 1;
    const logits = new Float32Array(steps * geometry.classes);
    const decisions = Int32Array.from({ length: steps }, (_, t) => {
      const mean = meanLogits(stepLogits, steps, t + 1);
      logits.set(mean.subarray(last * geometry.classes), t * geometry.classes);
      return answer(mean, labels, geometry.classes).decisions[last];
    });
    const wrongBits = bitErrors([labels[last]], [decisions[steps - 1]], experiment.task)[0];
    const { classes, tokens } = geometry;
    const [snrDecibels] = batch.snrDecibels;
    const { quantised: received } = batch;
    return { index, labels, received, snrDecibels, classes, decisions, logits, wrongBits, tokens, rasters };
  },
};

export type ChipFunctions = typeof functions;

serve(functions);
