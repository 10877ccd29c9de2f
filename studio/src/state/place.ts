/** A place in the machine: the whole, a layer, a crossbar, a cell; a neuron; or a head's tile and one of its cells. */
import { signal } from "@preact/signals";
import type { AttentionMapping, Mapping } from "xpikeformer";
import { neuronTrains } from "xpikeformer/internal";

export type Place =
  | { readonly kind: "network" }
  | { readonly kind: "layer"; readonly layer: string }
  | { readonly kind: "crossbar"; readonly layer: string; readonly crossbar: number }
  | {
      readonly kind: "cell";
      readonly layer: string;
      readonly crossbar: number;
      readonly row: number;
      readonly column: number;
    }
  | { readonly kind: "neuron"; readonly train: string; readonly neuron: number }
  | { readonly kind: "head"; readonly block: number; readonly head: number }
  | {
      readonly kind: "tile-cell";
      readonly block: number;
      readonly head: number;
      readonly query: number;
      readonly key: number;
    };

export const NETWORK: Place = { kind: "network" };

export const place = signal<Place>(NETWORK);

/** The row and column that the crosshair of a crossbar is on. */
export const crosshair = signal<{ readonly row: number; readonly column: number }>({ row: 0, column: 0 });

/** The places from the whole down to this place, inclusive. */
export function pathTo(place: Place): readonly Place[] {
  switch (place.kind) {
    case "network":
      return [place];
    case "layer":
    case "head":
    case "neuron":
      return [NETWORK, place];
    case "crossbar":
      return [NETWORK, { kind: "layer", layer: place.layer }, place];
    case "cell": {
      const { layer, crossbar } = place;
      return [NETWORK, { kind: "layer", layer }, { kind: "crossbar", layer, crossbar }, place];
    }
    case "tile-cell": {
      const { block, head } = place;
      return [NETWORK, { kind: "head", block, head }, place];
    }
  }
}

/** A place from an untrusted link; the network where it is invalid. */
export function parsePlace(value: unknown): Place {
  const given = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const fields = FIELDS[given.kind as Place["kind"]];
  if (!Object.hasOwn(FIELDS, String(given.kind))) return NETWORK;
  const isFine = (field: string) =>
    field === "layer" || field === "train"
      ? typeof given[field] === "string" && given[field].length < 100
      : Number.isInteger(given[field]) && (given[field] as number) >= 0;
  if (!fields.every(isFine)) return NETWORK;
  return Object.fromEntries(["kind", ...fields].map((field) => [field, given[field]])) as unknown as Place;
}

const FIELDS: Readonly<Record<Place["kind"], readonly string[]>> = {
  network: [],
  layer: ["layer"],
  crossbar: ["layer", "crossbar"],
  cell: ["layer", "crossbar", "row", "column"],
  neuron: ["train", "neuron"],
  head: ["block", "head"],
  "tile-cell": ["block", "head", "query", "key"],
};

/** The units of attention that are drawn: only tiles of stochastic attention. */
export const tilesDrawn = ({ attention }: Mapping): AttentionMapping | undefined =>
  attention.find(({ unit }) => unit === "ssa-tile");

/** Whether a machine has this place. */
export function hasPlace(mapping: Mapping, depth: number, place: Place): boolean {
  if (place.kind === "network") return true;
  if (place.kind === "neuron") return place.neuron < (neuronTrains(mapping).get(place.train) ?? 0);
  if (place.kind === "head" || place.kind === "tile-cell") {
    const [query, key] = place.kind === "head" ? [0, 0] : [place.query, place.key];
    const tiles = tilesDrawn(mapping);
    if (!tiles) return false;
    return place.block < depth && place.head < tiles.heads && Math.max(query, key) < tiles.tokens;
  }
  const layer = mapping.layers.find(({ name }) => name === place.layer);
  if (place.kind === "layer") return layer !== undefined;
  const block = layer?.blocks.find(({ crossbar }) => crossbar === place.crossbar);
  if (place.kind === "crossbar") return block !== undefined;
  return block !== undefined && place.row < block.rows && place.column < block.columns;
}
