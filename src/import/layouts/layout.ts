/**
 * A layout is what a published program calls the tensors of its network, and how it shapes them. A kit says so in one record, from
 * which `catalogue.ts` reads a file: sizes come from the shapes, and the network from the sizes.
 *
 * A shape is written as in a paper, with a letter per size and a factor before it: `3 D, D`. The same letter has the same value in all
 * tensors of a file. `{i}` in a name stands for every block, 0 .. depth - 1.
 */
import type { ExperimentDocument } from "../../experiment/experiment.ts";
import type { Activation } from "../../experiment/model.ts";
import type { TensorMapping } from "../../experiment/tensor-mapping.ts";

/** Shapes by name, in the order of the file. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Names and shapes of the tensors that a file of the layout holds. */
export interface LayoutTable {
  /** Shapes by name: `{ "blocks.{i}.attn.qkv.weight": "3 D, D" }`. */
  readonly required: Readonly<Record<string, string>>;
  /** Tensors that some files hold. */
  readonly optional?: Readonly<Record<string, string>>;
  /** Names that no parameter needs, with `*` for any text. */
  readonly ignore?: readonly string[];
}

/** What is known from the shapes: the value of each letter, and the number of blocks. */
export interface LayoutSizes {
  readonly depth: number;
  readonly size: (letter: string) => number;
  readonly has: (name: string) => boolean;
}

/** What the tensors do not say. */
export interface LayoutChoices {
  readonly heads?: number | undefined;
  readonly activation?: Activation | undefined;
  /** Time steps of a spiking network. */
  readonly steps?: number | undefined;
  /** Side of a square image, pixels. */
  readonly side?: number | undefined;
  /** A 0 or 1 for each convolution of a stem: whether it is max-pooled. */
  readonly pools?: string | undefined;
}

export interface LayoutReading {
  /** The experiment's `model`, and its `task` if the tensors determine it. */
  readonly document: Pick<ExperimentDocument, "task"> & Required<Pick<ExperimentDocument, "model">>;
  /** `approximations` lists what the network here does not keep. */
  readonly mapping: TensorMapping;
  /** What was assumed. */
  readonly notes: readonly string[];
  /** Why such a network cannot be imported at all, only priced; empty for one that can. */
  readonly refusals: readonly string[];
}

export interface Layout {
  /** One line, for help and pages. */
  readonly title: string;
  /** A tensor of every such file. What precedes it in the file, such as `module.`, precedes all names of the table. */
  readonly anchor: string;
  /** Instead of what precedes the anchor: "" for a table with all names as the file has them. */
  readonly prefix?: string;
  /** @param shapes of all tensors of the file, for layouts that leave some names open */
  readonly tensors: (shapes: Shapes) => LayoutTable;
  /** Throws SpecError for sizes that no network here has, and for a missing choice. */
  readonly read: (sizes: LayoutSizes, choices: LayoutChoices, shapes: Shapes) => LayoutReading;
}
