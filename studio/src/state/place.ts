/** Where in the machine one looks: the whole, a layer, a crossbar, a cell; or a head's tile and one of its cells. */
import { signal } from "@preact/signals";

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

/** From the whole down to a place, itself included. */
export function pathTo(place: Place): readonly Place[] {
  switch (place.kind) {
    case "network":
      return [place];
    case "layer":
    case "head":
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
