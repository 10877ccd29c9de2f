/** Loaded on demand: the generator is large. */
export { networkRtl } from "xpikeformer/rtl";
