/** Where the documentation explains what is on view. Only the site has these pages; scripts/studio-folder.mjs tells the page where. */
import type { Place } from "./place.ts";

/** A page from the root of the site, with its anchor, and its name. */
type Reading = readonly [address: string, name: string];

export const READINGS: Readonly<Record<Place["kind"] | "idea", Reading>> = {
  idea: ["article.html", "the idea in ten minutes"],
  network: ["docs/model.html#the-spiking-network", "the spiking network"],
  layer: ["docs/hardware.html#4-placement", "placement on crossbars"],
  crossbar: ["docs/hardware.html#3-a-crossbar-reads-spikes", "how a crossbar reads spikes"],
  cell: ["docs/hardware.html#2-programming-drift-read", "programming, drift and reading"],
  neuron: ["docs/hardware.html#5-neurons-and-the-residual-stream", "neurons and the residual stream"],
  head: ["docs/hardware.html#6-the-ssa-tile", "the SSA tile"],
  "tile-cell": ["docs/hardware.html#6-the-ssa-tile", "the SSA tile"],
};
