/** Published layouts by name. A kit in `LAYOUTS` is all that a layout needs. */
import { didYouMean, SpecError } from "../../errors.ts";
import type { SourceTensor } from "../elements.ts";
import { listNames } from "../import.ts";
import { huggingFaceVit } from "./hugging-face-vit.ts";
import type { Layout, LayoutChoices, LayoutReading, Shapes } from "./layout.ts";
import { placeTensors, prefixIn, shareOfPlaces } from "./place.ts";
import { qkformer } from "./qkformer.ts";
import { spikeDriven } from "./sdt.ts";
import { spikformer } from "./spikformer.ts";
import { timmVit } from "./timm-vit.ts";
import { torchEncoder, torchEncoderNormFirst } from "./torch-encoder.ts";

export const LAYOUTS = {
  "timm-vit": timmVit,
  "hf-vit": huggingFaceVit,
  "torch-encoder-norm-first": torchEncoderNormFirst,
  "torch-encoder": torchEncoder,
  // Its tensors have a place in Spikformer's layout, too.
  sdt: spikeDriven,
  spikformer,
  qkformer,
} as const satisfies Record<string, Layout>;

export type LayoutName = keyof typeof LAYOUTS;
export const LAYOUT_NAMES = Object.keys(LAYOUTS) as LayoutName[];

/** A file of a published layout: with `importNetwork`, a network. */
export interface LayoutFile extends LayoutReading {
  readonly layout: LayoutName;
  /** The tensors with a place, by the layout's names. */
  readonly tensors: ReadonlyMap<string, SourceTensor>;
}

/**
 * What a file of a published layout holds: an experiment's `model` and `task`, and a mapping of its tensors.
 *
 * Throws  SpecError for an unknown layout, or a file that does not fit; its message names every such tensor
 *
 * @param name a layout, or `auto` for the one that has a place for most tensors
 */
export function readLayout(
  tensors: ReadonlyMap<string, SourceTensor>,
  name: string,
  choices: LayoutChoices = {},
): LayoutFile {
  const shapes: Shapes = new Map([...tensors].map(([tensor, { shape }]) => [tensor, shape]));
  const chosen = name === "auto" ? recognise(shapes) : knownLayout(name);
  const layout: Layout = LAYOUTS[chosen];
  const prefix = prefixIn(layout, shapes);
  if (prefix === null) throw noAnchor(chosen, shapes);
  const { placed, ignored, sizes } = placeTensors(tensors, layout.tensors(shapes), prefix, chosen);
  const reading = layout.read(sizes, choices, shapes);
  const notes = ignored.length > 0 ? [`Left out: ${listNames(ignored)}.`] : [];
  return { ...reading, layout: chosen, tensors: placed, notes: [...reading.notes, ...notes] };
}

function knownLayout(name: string): LayoutName {
  const known = LAYOUT_NAMES.find((layout) => layout === name);
  if (known) return known;
  throw new SpecError(
    "layout",
    `There is no layout "${name}". Known: ${LAYOUT_NAMES.join(", ")}, or auto.${didYouMean(name, LAYOUT_NAMES)}`,
  );
}

/** Share of the tensors that have a place in each layout that the file can have. */
const fits = (shapes: Shapes): { readonly name: LayoutName; readonly share: number }[] =>
  LAYOUT_NAMES.flatMap((name) => {
    const layout: Layout = LAYOUTS[name];
    const prefix = prefixIn(layout, shapes);
    return prefix === null ? [] : [{ name, share: shareOfPlaces(layout.tensors(shapes), prefix, shapes) }];
  });

function recognise(shapes: Shapes): LayoutName {
  const [first, ...others] = fits(shapes);
  if (first) return others.reduce((best, next) => (next.share > best.share ? next : best), first).name;
  throw new SpecError(
    "layout",
    `The tensors (${listNames([...shapes.keys()])}) are of no known layout: ${LAYOUT_NAMES.join(", ")}. Write a mapping file, and name it with --mapping.`,
  );
}

function noAnchor(name: LayoutName, shapes: Shapes): SpecError {
  const [other] = fits(shapes);
  const help = other ? ` It looks like --layout ${other.name}.` : "";
  return new SpecError(
    name,
    `The file has no tensor ${LAYOUTS[name].anchor}, which every file of the layout ${name} holds, but ${listNames([...shapes.keys()])}.${help}`,
  );
}
