/**
 * QKFormer (Zhou et al., NeurIPS 2024), with the tensor names of zhouchenlin2096/QKFormer: one stage, with attention over tokens.
 *
 * The published network has three stages. Between them the width doubles and the tokens become fewer; blocks of a network here share
 * both, so that files of several stages are refused. The embedding adds the spikes of two convolutions, of windows of 3 x 3 and of single
 * pixels; here both are halves of one layer.
 */
import { SpecError } from "../../errors.ts";
import { listNames } from "../import.ts";
import type { Layout, LayoutSizes, Shapes } from "./layout.ts";
import {
  blockTable,
  COUNTERS,
  convolution,
  firstConvolution,
  headFrom,
  layerFrom,
  matrix,
  middleOfWindows,
  normTable,
  spikingTransformer,
} from "./spiking-transformer.ts";

const STEM = "patch_embed1";
const LATER_STAGES = ["patch_embed2", "patch_embed3", "stage2", "stage3"];

export const qkformer: Layout = {
  title: "QKFormer, one stage",
  anchor: "patch_embed1.proj_res_conv.weight",
  tensors: () => ({
    required: {
      [`${STEM}.proj_conv.weight`]: "A, C, 3, 3",
      ...normTable(`${STEM}.proj_bn`, "A"),
      [`${STEM}.proj1_conv.weight`]: "D, A, 3, 3",
      ...normTable(`${STEM}.proj1_bn`, "D"),
      [`${STEM}.proj_res_conv.weight`]: "D, A, 1, 1",
      ...normTable(`${STEM}.proj_res_bn`, "D"),
      ...blockTable(
        "stage1.{i}",
        [
          ["tssa.q_conv", "tssa.q_bn", false, 1],
          ["tssa.k_conv", "tssa.k_bn", false, 1],
          ["tssa.proj_conv", "tssa.proj_bn", true, 1],
        ],
        [1, 2].map((i) => [`mlp.mlp${i}_conv`, `mlp.mlp${i}_bn`, 2] as const),
      ),
      "head.weight": "K, H",
      "head.bias": "K",
    },
    ignore: [COUNTERS, ...LATER_STAGES.map((stage) => `${stage}.*`)],
  }),
  read: (sizes, choices, shapes) => {
    requireOneStage(sizes, shapes);
    const { task, model, notes } = spikingTransformer(sizes, choices, () => 8);
    return {
      document: {
        task: { ...task, readOut: "mean" },
        model: {
          ...model,
          residual: "spikes",
          attention: { kind: "qk-token", scale: 1 },
          stem: { layers: [{ channels: sizes.size("A") }], embedding: { trains: 2 } },
        },
      },
      mapping: { parameters: parametersOf(sizes), ignore: [], approximations: [] },
      notes,
      refusals: [],
    };
  },
};

function requireOneStage({ size }: LayoutSizes, shapes: Shapes): void {
  const later = [...shapes.keys()].filter((name) => LATER_STAGES.some((stage) => name.includes(`${stage}.`)));
  if (later.length > 0) {
    throw new SpecError(
      "qkformer",
      `The file has stages of other widths and numbers of tokens (${listNames(later)}). All blocks of a network here have the same width and tokens, so only a file with one stage is read.`,
    );
  }
  if (size("H") === size("D")) return;
  throw new SpecError(
    "head.weight",
    `head.weight reads ${size("H")} features, but the stage has ${size("D")}. A file with one stage has its head behind it.`,
  );
}

function parametersOf({ size }: LayoutSizes) {
  const [width, hidden, channels] = ["D", "F", "A"].map(size);
  const of = (name: string, outputs: number, bias = true) =>
    matrix(`stage1.{i}.${name}_conv`, `stage1.{i}.${name}_bn`, outputs, bias);
  return {
    ...layerFrom("stem.0", firstConvolution(`${STEM}.proj_conv`, `${STEM}.proj_bn`, channels)),
    ...layerFrom(
      "embed",
      convolution(`${STEM}.proj1_conv`, `${STEM}.proj1_bn`, width),
      middleOfWindows(`${STEM}.proj_res_conv`, `${STEM}.proj_res_bn`, channels, width),
    ),
    ...layerFrom("blocks.{i}.qkv", of("tssa.q", width, false), of("tssa.k", width, false)),
    ...layerFrom("blocks.{i}.projection", of("tssa.proj", width)),
    ...layerFrom("blocks.{i}.up", of("mlp.mlp1", hidden)),
    ...layerFrom("blocks.{i}.down", of("mlp.mlp2", width)),
    ...headFrom(),
  };
}
