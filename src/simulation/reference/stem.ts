/** Windows and max pooling of spikes between the layers of a stem: digital wiring, which changes no bit and is not counted. */
import { gatherWindows } from "../../model/convolution.ts";
import { maxPoolForward } from "../../model/max-pool.ts";
import type { StemLayer } from "../../model/stem.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../../spike/train.ts";

/** What a layer's crossbars read from a map: [T][prompts pixels] to [T][prompts windows]. */
export function spikeWindows(map: SpikeTrain, layer: StemLayer, prompts: number): SpikeTrain {
  const images = map.steps * prompts;
  const windows = gatherWindows(Float64Array.from(unpackSpikes(map)), layer, images);
  return packSpikes(windows, map.steps, windows.length / layer.inputs / map.steps, layer.inputs);
}

/** Max pooling: the OR over each of a layer's squares. */
export function poolSpikes(map: SpikeTrain, layer: StemLayer, prompts: number): SpikeTrain {
  const { output } = maxPoolForward(Float64Array.from(unpackSpikes(map)), layer, map.steps * prompts);
  return packSpikes(output, map.steps, output.length / layer.outputs / map.steps, layer.outputs);
}
