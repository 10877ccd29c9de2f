/** Loaded when it is asked for: the generator is large. */
export { networkRtl } from "xpikeformer";
