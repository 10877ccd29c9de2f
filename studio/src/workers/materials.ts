/** The network and data that a worker holds for its experiments. */
import { decodeCheckpoint, type Experiment, type ImageData, type Network, type SpikingSpec } from "xpikeformer";
import { asDescribed } from "xpikeformer/internal";

export interface Materials {
  /** Bytes of the network's checkpoint. */
  readonly checkpoint: ArrayBuffer;
  /** Of an image task; null for a link. */
  readonly data: ImageData | null;
}

/** Decoded once: every knob needs the network, and decoding takes longer than some answers. */
const read = new WeakMap<Materials, Network>();

/** The network as the experiment describes it. Throws as `decodeCheckpoint` and `asDescribed`. */
export const networkOf = (materials: Materials, experiment: Experiment): Network<SpikingSpec> =>
  asDescribed(experiment, checkpointOf(materials), []);

function checkpointOf(materials: Materials): Network {
  const network = read.get(materials) ?? decodeCheckpoint(new Uint8Array(materials.checkpoint)).network;
  read.set(materials, network);
  return network;
}

/** Decodes in advance. Errors appear when the network is needed. */
export function readAhead(materials: Materials): void {
  try {
    checkpointOf(materials);
  } catch {}
}
