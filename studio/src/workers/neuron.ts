/** Loaded on demand: few visitors open a neuron. */
export { inspectNeuron } from "xpikeformer/internal";
