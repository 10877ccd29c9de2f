/**
 * A network around PyTorch's `nn.TransformerEncoder`, with an embedding before and a head after it: `layers.{i}` with packed
 * `self_attn.in_proj_weight`, two linear layers and two LayerNorms, then `norm`.
 *
 * The encoder's names follow PyTorch, those around it are anyone's: a linear layer into the width is the embedding, one out of it the
 * head, and a table [N, D] the positions. The tensors are the same with LayerNorm before attention and the feed-forward layers
 * (norm_first=True, as here) and after them (PyTorch's default, which no network here computes), so there is a layout for each. They do
 * not tell the activation, the heads and the task either.
 */
import { SpecError } from "../../errors.ts";
import type { Layout, LayoutChoices, LayoutReading, LayoutSizes, LayoutTable, Shapes } from "./layout.ts";
import { expansionOf, headsOf, layerRules, layerShapes, normRules, normShapes, TRANSPOSE } from "./rules.ts";

const ANCHOR = "layers.0.self_attn.in_proj_weight";

/** Names in the file: `encoder.` before the encoder's own, and those around it. */
interface Names {
  readonly encoder: string;
  readonly embedding: string;
  readonly head: string;
  readonly positions: string | null;
}

/** Throws SpecError when the tensors around the encoder leave open which is the embedding or the head. */
function namesIn(shapes: Shapes): Names {
  const anchor = [...shapes.keys()].find((name) => name.endsWith(ANCHOR))!;
  const encoder = anchor.slice(0, anchor.length - ANCHOR.length);
  const width = shapes.get(anchor)!.at(-1)!;
  const around = [...shapes].filter(
    ([name]) => !name.startsWith(`${encoder}layers.`) && !name.startsWith(`${encoder}norm.`),
  );
  const layers = around.flatMap(([name, shape]) =>
    shape.length === 2 && name.endsWith(".weight") && shapes.has(name.replace(/weight$/, "bias"))
      ? [{ name: name.slice(0, -".weight".length), shape }]
      : [],
  );
  const one = (role: string, axis: number): string => {
    const found = layers.filter(
      ({ name, shape }) => shape[axis] === width && (layers.length < 3 || name.includes(role)),
    );
    const named = found.filter(({ name }) => name.includes(role));
    const [only, ...others] = named.length > 0 ? named : found;
    if (only && others.length === 0) return only.name;
    const axes = axis === 0 ? `[${width}, inputs]` : `[outputs, ${width}]`;
    const names = found.map(({ name }) => `${name}.weight`).join(", ") || "none";
    throw new SpecError(
      "layout",
      `Of the layers around the encoder, one is the ${role} ${axes}, but these fit: ${names}. Name one of them ${role}.`,
    );
  };
  const [embedding, head] = [one("embed", 0), one("head", 1)];
  const table = around.find(
    ([name, shape]) => /^1?,?\d+,\d+$/.test(shape.join()) && shape.at(-1) === width && !isOf(name, [embedding, head]),
  );
  return { encoder, embedding, head, positions: table?.[0] ?? null };
}

const isOf = (name: string, modules: readonly string[]): boolean =>
  modules.some((module) => name.startsWith(`${module}.`));

function tensors(shapes: Shapes): LayoutTable {
  const { encoder, embedding, head, positions } = namesIn(shapes);
  const block = `${encoder}layers.{i}`;
  return {
    required: {
      [`${block}.self_attn.in_proj_weight`]: "3 D, D",
      [`${block}.self_attn.in_proj_bias`]: "3 D",
      ...layerShapes(`${block}.self_attn.out_proj`, "D, D"),
      ...layerShapes(`${block}.linear1`, "F, D"),
      ...layerShapes(`${block}.linear2`, "D, F"),
      ...normShapes(`${block}.norm1`),
      ...normShapes(`${block}.norm2`),
      ...layerShapes(embedding, "D, X"),
      ...layerShapes(head, "K, D"),
      ...(positions !== null && { [positions]: shapes.get(positions)!.length === 3 ? "1, N, D" : "N, D" }),
    },
    optional: normShapes(`${encoder}norm`),
  };
}

const read =
  (differences: readonly string[]) =>
  ({ depth, size, has }: LayoutSizes, choices: LayoutChoices, shapes: Shapes): LayoutReading => {
    const { encoder, embedding, head, positions } = namesIn(shapes);
    const [width, block] = [size("D"), `${encoder}layers.{i}`];
    const { heads, notes } = headsOf(width, choices);
    const { activation = "relu" } = choices;
    const isNormalised = has(`${encoder}norm.weight`);
    const absent = `The encoder has no ${encoder}norm; here a LayerNorm stands before the head.`;
    return {
      document: {
        model: {
          kind: "ann",
          width,
          depth,
          heads,
          expansion: expansionOf(width, size("F")),
          position: positions === null ? "none" : "learned",
          activation,
        },
      },
      mapping: {
        parameters: {
          ...layerRules("embed", embedding),
          ...(positions !== null && { position: { tensor: positions, steps: [{ reshape: [-1, width] }] } }),
          ...normRules("blocks.{i}.norm1", `${block}.norm1`),
          "blocks.{i}.qkv.weight": { tensor: `${block}.self_attn.in_proj_weight`, steps: [TRANSPOSE] },
          "blocks.{i}.qkv.offset": `${block}.self_attn.in_proj_bias`,
          ...layerRules("blocks.{i}.projection", `${block}.self_attn.out_proj`),
          ...normRules("blocks.{i}.norm2", `${block}.norm2`),
          ...layerRules("blocks.{i}.up", `${block}.linear1`),
          ...layerRules("blocks.{i}.down", `${block}.linear2`),
          ...(isNormalised
            ? normRules("norm", `${encoder}norm`)
            : { "norm.gain": { constant: 1 }, "norm.offset": { constant: 0 } }),
          ...layerRules("head", head),
        },
        ignore: [],
        approximations: [...differences, ...(isNormalised ? [] : [absent])],
      },
      notes: [
        ...notes,
        ...(choices.activation
          ? []
          : ["Activation ReLU, PyTorch's default: the tensors do not tell. Others: --activation gelu."]),
      ],
      refusals: [],
    };
  };

export const torchEncoderNormFirst: Layout = {
  title: "nn.TransformerEncoder with norm_first=True",
  anchor: ANCHOR,
  prefix: "",
  tensors,
  read: read([]),
};

export const torchEncoder: Layout = {
  title: "nn.TransformerEncoder with norm_first=False, PyTorch's default",
  anchor: ANCHOR,
  prefix: "",
  tensors,
  read: read([
    "With norm_first=False, PyTorch's default, LayerNorm stands behind attention and behind the feed-forward layers, on the stream itself; " +
      "here it stands before them. If the encoder was created with norm_first=True, it is --layout torch-encoder-norm-first.",
  ]),
};
