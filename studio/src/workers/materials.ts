/** What experiments of a network share, as a worker holds it. */
import {
  asDescribed,
  decodeCheckpoint,
  type Experiment,
  type ImageData,
  type Network,
  type SpikingSpec,
} from "xpikeformer";

export interface Materials {
  /** Bytes of the network's checkpoint. */
  readonly checkpoint: ArrayBuffer;
  /** Of a task that classifies images; null for a link. */
  readonly data: ImageData | null;
}

/** Every knob asks for the network, and reading it takes longer than some answers. */
const read = new WeakMap<Materials, Network>();

/** The network as the experiment describes it. Throws as `decodeCheckpoint` and `asDescribed`. */
export const networkOf = (materials: Materials, experiment: Experiment): Network<SpikingSpec> =>
  asDescribed(experiment, checkpointOf(materials), []);

function checkpointOf(materials: Materials): Network {
  const network = read.get(materials) ?? decodeCheckpoint(new Uint8Array(materials.checkpoint)).network;
  read.set(materials, network);
  return network;
}

/** Reads ahead. What is wrong is said to who asks. */
export function readAhead(materials: Materials): void {
  try {
    checkpointOf(materials);
  } catch {}
}
