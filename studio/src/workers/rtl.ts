/** Loaded on demand: the generator and the cycle model are large. */
export { tileWaves } from "xpikeformer/internal";
export { networkRtl } from "xpikeformer/rtl";
