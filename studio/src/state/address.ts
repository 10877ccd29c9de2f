/**
 * What the fragment of an address asks of the page. A view alone is one packed text, as *Copy link* makes it. Otherwise the fragment is
 *
 *   [embed] [example=NAME | view=PACKED] [show=FIGURE] [stop=STOP] [knobs=KNOB,KNOB …] [backend=BACKEND]   joined by &
 *
 * Names are those on the page in small letters, with hyphens for spaces: `stop=a-code`, `knobs=time-steps,adc-bits`.
 */
import { ValueError } from "xpikeformer";
import type { Backend } from "xpikeformer/internal";

/** Figures that can be embedded. */
export const FIGURES = ["prompt", "overview", "panel", "schedule", "plane", "energy", "year"] as const;
export type FigureName = (typeof FIGURES)[number];

export interface Address {
  /** Whether the page shows one figure, for a frame in another page. */
  readonly embedded: boolean;
  /** A packed view; null: the example, or what the page opens by itself. */
  readonly view: string | null;
  readonly example: string | null;
  /** The figure to embed; null: what the stop points at, or the panel. */
  readonly show: FigureName | null;
  /** A stop of the walk to open. */
  readonly stop: string | null;
  /** The knobs to offer; null: all of them, or none in a frame. */
  readonly knobs: readonly string[] | null;
  /** What computes; null: what the page chooses. Belongs to a machine, so that links do not pass it on. */
  readonly backend: Backend | null;
}

export const NOTHING: Address = {
  ...{ embedded: false, view: null, example: null, show: null, stop: null, knobs: null },
  backend: null,
};

/** A name as addresses write it. */
export const slugOf = (name: string): string => name.toLowerCase().replaceAll(" ", "-");

/**
 * Reads a fragment, without its `#`.
 * Throws  ValueError for a parameter or figure that does not exist
 */
export function parseAddress(fragment: string): Address {
  if (fragment === "") return NOTHING;
  const parts = fragment.split("&");
  if (parts.length === 1 && fragment !== "embed" && !fragment.includes("=")) return { ...NOTHING, view: fragment };
  const given = new Map(parts.map((part) => part.split("=", 2) as [string, string | undefined]));
  for (const name of given.keys()) {
    if (!PARAMETERS.has(name)) {
      throw new ValueError(`link.${name}`, `Links have no ${name}. They have ${[...PARAMETERS].join(", ")}.`);
    }
  }
  return {
    embedded: given.has("embed"),
    view: given.get("view") ?? null,
    example: given.get("example") ?? null,
    show: oneOf("show", "figure", FIGURES, given.get("show")),
    stop: given.get("stop") ?? null,
    knobs: given.get("knobs")?.split(",") ?? null,
    backend: oneOf("backend", "backend", BACKENDS, given.get("backend")),
  };
}

const PARAMETERS = new Set(["embed", "view", "example", "show", "stop", "knobs", "backend"]);
const BACKENDS = ["auto", "wasm", "webgpu"] as const;

/** A value of a parameter that takes some only. */
function oneOf<V extends string>(
  parameter: string,
  what: string,
  values: readonly V[],
  given: string | undefined,
): V | null {
  const found = values.find((value) => value === given);
  if (given === undefined || found) return found ?? null;
  throw new ValueError(`link.${parameter}`, `There is no ${what} ${given}. Choose ${values.join(", ")}.`);
}

/** The fragment of an address, without `#`; that of a view alone is its packed text. */
export function fragmentOf({ embedded, view, example, show, stop, knobs }: Address): string {
  if (view !== null && !embedded && show === null && stop === null && knobs === null) return view;
  const parts = Object.entries({ example: view === null ? example : null, view, show, stop, knobs: knobs?.join(",") });
  const given = parts.flatMap(([name, value]) => (value == null ? [] : [`${name}=${value}`]));
  return [...(embedded ? ["embed"] : []), ...given].join("&");
}
