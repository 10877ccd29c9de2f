/**
 * Workloads by name: the paper's model sizes for images and for the wireless link.
 *
 * All of them use Spikingformer's densities on ImageNet, since the paper prints none. Time steps are equal for both spiking
 * machines (iso-T); `publishedSteps` has the paper's, each network at its own converged T.
 */
import { CostError, didYouMean } from "../errors.ts";
import type { WorkloadSpec } from "../experiment/workload.ts";
import type { BlockDensities } from "../machine/densities.ts";
import { changeDensities, setDensities } from "./densities.ts";
import { spikingformer } from "./sources/zhou-arxiv-2023.ts";
import type { Workload } from "./workload.ts";

const { prices } = spikingformer;

export const SPIKINGFORMER: BlockDensities = {
  qkv: prices.qkv.value,
  projection: prices.projection.value,
  up: prices.up.value,
  down: prices.down.value,
  query: prices.query.value,
  key: prices.key.value,
  value: prices.value.value,
  scores: prices.scores.value,
  coincidences: prices.query.value * prices.key.value,
};

interface Size {
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  readonly tokens: number;
  readonly inputs: number;
  readonly classes: number;
  readonly steps: number;
  readonly causal: boolean;
  readonly result: string;
}

function published(name: string, description: string, size: Size): Workload {
  const { tokens, steps, causal, inputs, result, ...rest } = size;
  return {
    name,
    description,
    ...rest,
    expansion: 4,
    tokens,
    inputs,
    annInputs: inputs,
    queries: 1,
    embedding: "values",
    outputProjection: true,
    residuals: 2,
    positions: false,
    scaled: false,
    scores: causal ? (tokens * (tokens + 1)) / 2 : tokens ** 2,
    ...(causal ? { mask: causalMask(tokens) } : {}),
    // A conventional engine's baseline leaves out the diagonal's half as well: half of all scores, in its favour.
    annScores: causal ? tokens ** 2 / 2 : tokens ** 2,
    steps,
    snnSteps: steps,
    blocks: Array<BlockDensities>(size.depth).fill(SPIKINGFORMER),
    embedRows: null,
    inputDensity: 0,
    headDensity: 0,
    result: { name: result, perInference: 1 },
  };
}

/** Every token attends to itself and to those before it. */
const causalMask = (tokens: number): Uint8Array =>
  Uint8Array.from({ length: tokens ** 2 }, (_, i) => (i % tokens <= Math.floor(i / tokens) ? 1 : 0));

/** A network specified by the user, accounted for like the published ones. */
export function describedWorkload(spec: WorkloadSpec): Workload {
  const { name, depth, width, heads, expansion, tokens, inputs, classes, steps, causal, result } = spec;
  const { snnSteps = steps, densities } = spec;
  const size = { depth, width, heads, tokens, inputs, classes, steps, causal, result };
  const named = { ...published(name, `${name}, as described`, size), expansion, snnSteps };
  if (!Array.isArray(densities)) return setDensities(named, densities);
  return { ...named, blocks: named.blocks.map((block, i) => changeDensities(block, densities[i])) };
}

const SIZES = [
  [4, 384, 6],
  [6, 512, 8],
  [8, 768, 12],
] as const;

const images = (data: "imagenet" | "cifar10") =>
  SIZES.map(([depth, width, heads]) => {
    const size = { depth, width, heads, causal: false, result: "image" } as const;
    return data === "imagenet"
      ? published(`vit-${depth}-${width}-imagenet`, `ViT ${depth}-${width}, 224 x 224 in patches of 16 x 16`, {
          ...size,
          tokens: 197,
          inputs: 768,
          classes: 1000,
          steps: 4,
        })
      : published(`vit-${depth}-${width}-cifar10`, `ViT ${depth}-${width}, 32 x 32 in patches of 4 x 4`, {
          ...size,
          tokens: 65,
          inputs: 48,
          classes: 10,
          steps: 10,
        });
  });

const decoders = ([antennas, inputs, classes]: readonly [number, number, number]) =>
  ([[4, 256, 8] as const, [8, 512, 8] as const] as const).map(([depth, width, heads]) =>
    published(
      `icl-${depth}-${width}-${antennas}x${antennas}`,
      `Decoder ${depth}-${width}, 18 pilots and a query of a ${antennas}x${antennas} QPSK link`,
      { depth, width, heads, tokens: 37, inputs, classes, steps: 4, causal: true, result: "symbol vector" },
    ),
  );

/** Every workload, ImageNet first. */
export const WORKLOADS: readonly Workload[] = [
  ...images("imagenet"),
  ...images("cifar10"),
  ...decoders([2, 16, 16]),
  ...decoders([4, 32, 256]),
];

/** T of Xpikeformer and of the digital spiking network in Tables III and IV; 4-384 and 8-768 exist for one data set each. */
export const PUBLISHED_STEPS: Readonly<Record<string, { readonly xpikeformer: number; readonly snn: number }>> = {
  "vit-6-512-imagenet": { xpikeformer: 8, snn: 6 },
  "vit-8-768-imagenet": { xpikeformer: 7, snn: 4 },
  "vit-4-384-cifar10": { xpikeformer: 11, snn: 5 },
  "vit-6-512-cifar10": { xpikeformer: 10, snn: 4 },
  "icl-4-256-2x2": { xpikeformer: 6, snn: 6 },
  "icl-8-512-2x2": { xpikeformer: 4, snn: 4 },
  "icl-4-256-4x4": { xpikeformer: 11, snn: 7 },
  "icl-8-512-4x4": { xpikeformer: 5, snn: 4 },
};

/** Throws CostError, with the likely meaning, for an unknown name. */
export function findWorkload(name: string): Workload {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (found) return found;
  const names = WORKLOADS.map((workload) => workload.name);
  throw new CostError(
    "workload",
    `There is no workload "${name}". Known workloads: ${names.join(", ")}.${didYouMean(name, names)}`,
  );
}

/** The workload at the time steps printed in the paper, if there are any. */
export function atPublishedSteps(workload: Workload): Workload {
  const steps = PUBLISHED_STEPS[workload.name];
  return steps ? { ...workload, steps: steps.xpikeformer, snnSteps: steps.snn } : workload;
}
