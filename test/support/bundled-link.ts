/** The link that the studio opens with, for tests of pages: its experiment and its bundled network, read from the built package. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeCheckpoint,
  type Experiment,
  foldNetwork,
  inspectPrompt,
  mapNetwork,
  type Network,
  parseExperiment,
  type SpikingSpec,
  type SymbolDetectionSpec,
  stream,
} from "../../dist/index.js";
import { firstChip } from "../../dist/internal.js";

const root = join(import.meta.dirname, "../..");

export const experiment = parseExperiment(
  readFileSync(join(root, "examples/wireless-2x2.json"), "utf8"),
) as Experiment<SymbolDetectionSpec>;
export const checkpoint = readFileSync(join(root, "networks/wireless-2x2-xpikeformer.safetensors"));
export const network = decodeCheckpoint(checkpoint).network as Network<SpikingSpec>;
export const mapping = mapNetwork(foldNetwork(network), experiment.hardware, experiment.task.coding);

/** Its first prompt on the first chip. */
export function inspected() {
  const { chip, task, random } = firstChip({ experiment, data: null }, network, mapping);
  const { spikes } = task.draw(1, stream(experiment.seed).fork("evaluation"));
  return inspectPrompt(chip, spikes!, random.fork("run"));
}
