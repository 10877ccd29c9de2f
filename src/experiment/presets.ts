/**
 * Experiments with a name, to start from: `{ "preset": "paper-2x2-small", "model": { "steps": 8 } }`. Several are laid over each
 * other in their order: `{ "preset": ["wireless-2x2", "author-aihwkit"] }`.
 *
 * The `paper-` presets are the rows of the paper's Tables III (images) and IV (wireless) with the hardware of its Table II; what the
 * paper does not print (heads, constellation, SNR range, patches of CIFAR-10) is argued in `docs/assumptions.md`. The `wireless-` presets
 * are networks small enough to train on two processor cores; bundled ones of their size come with them (`checkpoints`), so that they run
 * untrained. `paper`, `recommended`, `realistic`, `charge` and `author-aihwkit` are machines without a network.
 */
import { didYouMean, SpecError } from "../errors.ts";
import type { ExperimentDocument } from "./experiment.ts";

export interface Preset {
  readonly name: string;
  readonly description: string;
  readonly document: ExperimentDocument;
}

/** Throws SpecError, with a suggestion, for an unknown name. */
export function findPreset(name: string): Preset {
  const all = presets();
  const found = all.find((preset) => preset.name === name);
  if (found) return found;
  const names = all.map((preset) => preset.name);
  throw new SpecError(
    `preset:${name}`,
    `There is no preset with this name. Known presets: ${names.join(", ")}.${didYouMean(name, names)}`,
  );
}

/** Every preset, as fresh copies. */
export function presets(): Preset[] {
  return [
    trained("wireless-2x2", "2x2 QPSK link, 2 blocks of width 128: trains in half an hour on two cores", 2, {
      // The embedding's lines are dense: spread over four crossbars they clip less (docs/hardware.md).
      hardware: { ...structuredClone(RECOMMENDED_MACHINE), crossbar: { ...TABLE_2.crossbar, embedRows: 17 } },
      checkpoints: {
        network: "bundled:wireless-2x2-xpikeformer",
        conventional: "bundled:wireless-2x2-conventional",
        ann: "bundled:wireless-2x2-ann-long",
        spiking: "bundled:wireless-2x2-spiking",
      },
    }),
    trained("wireless-4x4", "4x4 QPSK link, 4 blocks of width 256, 16 copies of the query", 4, {
      task: { queryCopies: 16 },
      model: {
        width: 256,
        depth: 4,
        readOut: "bits",
        neuron: { kind: "if", reset: "soft" },
        surrogate: { kind: "triangular", width: 3 },
      },
      hardware: { ...structuredClone(RECOMMENDED_MACHINE), crossbar: { ...TABLE_2.crossbar, embedRows: 17 } },
      checkpoints: { network: "bundled:wireless-4x4-256-xpikeformer", ann: "bundled:wireless-4x4-ann" },
    }),
    preset("paper-2x2-small", "Table IV: 2x2 link, 4 blocks of width 256, 6 time steps", 2, {
      width: 256,
      heads: 8,
      depth: 4,
      steps: 6,
    }),
    preset("paper-2x2-large", "Table IV: 2x2 link, 8 blocks of width 512, 4 time steps", 2, {
      width: 512,
      heads: 8,
      depth: 8,
      steps: 4,
    }),
    preset("paper-4x4-small", "Table IV: 4x4 link, 4 blocks of width 256, 11 time steps", 4, {
      width: 256,
      heads: 8,
      depth: 4,
      steps: 11,
    }),
    preset("paper-4x4-large", "Table IV: 4x4 link, 8 blocks of width 512, 5 time steps", 4, {
      width: 512,
      heads: 8,
      depth: 8,
      steps: 5,
    }),
    vision("paper-4-384-cifar10", 11, { width: 384, heads: 6, depth: 4 }, CIFAR_10),
    vision("paper-6-512-cifar10", 10, { width: 512, heads: 8, depth: 6 }, CIFAR_10),
    vision("paper-6-512-imagenet", 8, { width: 512, heads: 8, depth: 6 }, IMAGENET),
    vision("paper-8-768-imagenet", 7, { width: 768, heads: 12, depth: 8 }, IMAGENET),
    {
      name: "paper",
      description:
        "the machine of the paper's Table II, read literally: both lines of a pair converted, a FIFO in every cell",
      document: { name: "paper", hardware: structuredClone(PAPER_MACHINE) },
    },
    {
      name: "recommended",
      description:
        "the machine of the defaults: Table II with one conversion for a pair, a converter for 2 columns and a FIFO per row",
      document: { name: "recommended", hardware: structuredClone(RECOMMENDED_MACHINE) },
    },
    {
      name: "realistic",
      description:
        "the recommended machine with the errors of a real one: converters, wires, stuck devices, read after a day",
      document: { name: "realistic", hardware: structuredClone(REALISTIC_MACHINE) },
    },
    {
      name: "charge",
      description:
        "columns that feed neurons are read by comparators, from charge, with the errors of published circuits",
      document: { name: "charge", hardware: structuredClone(CHARGE_MACHINE) },
    },
    {
      name: "author-aihwkit",
      description:
        "the first author's aihwkit machine: continuous pairs, 512 x 512 tiles, 6-bit converters, compensation",
      document: { name: "author-aihwkit", hardware: structuredClone(AUTHOR_AIHWKIT) },
    },
  ];
}

/**
 * What Table II prints: 4 bits a device, 128 x 128 crossbars, 5-bit converters for 8 columns each, a tile for each head.
 * The same in both machines.
 */
const TABLE_2 = {
  crossbar: { rows: 128, columns: 128, embedRows: null, conductanceBits: 4, device: { kind: "pcm" } },
} as const satisfies ExperimentDocument["hardware"];

/**
 * Table II, read literally: figures 2 and 4 draw a converter behind each line of a pair, and a FIFO in every cell. Number formats
 * behind the converters are not printed; they are ours.
 */
const PAPER_MACHINE = {
  ...TABLE_2,
  adc: { bits: 5, sharing: 8, mode: "pair" },
  ssa: { random: "lfsr", tiles: null, fifo: "cell" },
  order: "token-major",
  arithmetic: {},
} as const satisfies ExperimentDocument["hardware"];

/** The defaults, which were chosen on measured fronts: `experiments/machines`. */
const RECOMMENDED_MACHINE = {
  ...TABLE_2,
  adc: { bits: 5, sharing: 2, mode: "differential" },
  ssa: { random: "lfsr", tiles: null, fifo: "row" },
  order: "token-major",
  arithmetic: {},
} as const satisfies ExperimentDocument["hardware"];

/**
 * The recommended machine with errors, which trims its converters and calibrates itself. Where each size comes from: `docs/hardware.md`.
 * How many lines the embedding uses of a crossbar is left to the network that the machine is laid over.
 */
const { embedRows: _, ...TABLE_2_CROSSBAR } = TABLE_2.crossbar;
const REALISTIC_MACHINE = {
  ...RECOMMENDED_MACHINE,
  crossbar: {
    ...TABLE_2_CROSSBAR,
    pairs: "physical",
    spread: 0.05,
    stuck: { atZero: 0.001, atMaximum: 0.001 },
    wires: { lines: 0.35, columns: 0.35 },
  },
  adc: {
    ...RECOMMENDED_MACHINE.adc,
    trim: { bits: 6, reads: 64 },
    errors: { gainSpread: 0.03, offsetSpread: 0.5, outputNoise: 0.5 },
  },
  readTime: 86_400,
  calibration: "codes",
  compensation: { scope: "crossbar", readout: "lines", schedule: { kind: "interval", seconds: 86_400 } },
} as const satisfies ExperimentDocument["hardware"];

/**
 * Comparators and charge wherever columns feed neurons. Every value has its receipt in `cost/sources/`, with a range: `offset` in
 * `satapathy-cssp-2023`, which is that before trimming, and the others, which no source confirmed, in `assumptions`. After its trim an
 * offset is as large as `jlpea-15-35-2025` prints.
 */
const CHARGE_MACHINE = {
  readOut: {
    attentionInput: "charge",
    feedForwardUp: "charge",
    circuit: {
      swing: 0.3,
      capacitor: 50,
      offset: 8,
      noise: 1,
      mismatch: 0.0014,
      leakage: 0.015,
      settling: 7,
      trim: { bits: 6, reads: 256 },
    },
  },
  order: "token-major",
} as const satisfies ExperimentDocument["hardware"];

/**
 * As far as a spiking machine has it, the configuration of `szh1456/xpikeformer_cifar10`, models/get_rpu.py, variant "pcm":
 * PCMLikeNoiseModel with g_max 25 uS, column-wise weight scaling, tiles of up to 512 x 512, GlobalDriftCompensation; outputs in
 * 64 steps, which is 6 bits with a sign. Its 64 input steps hold spikes exactly. Left out: the fixed output range of 12 (here
 * calibrated), weight and output noise of 0.02 in units of weights, learned output scales, enlarging the range until nothing clips.
 */
const AUTHOR_AIHWKIT: ExperimentDocument["hardware"] = {
  arithmetic: null,
  ssa: { random: "ideal" },
  crossbar: {
    rows: 512,
    columns: 512,
    embedRows: null,
    conductanceBits: null,
    scaling: "column",
    clippingQuantile: 1,
    pairs: "aihwkit",
    device: { kind: "pcm", maxConductance: 25, programmingNoise: 1, drift: 1, readNoise: 1 },
  },
  adc: { bits: 6, sharing: 8, mode: "differential" },
  compensation: { scope: "crossbar", readout: "one-hot", schedule: { kind: "at-use" } },
};

interface Size {
  readonly width: number;
  readonly heads: number;
  readonly depth: number;
  readonly steps: number;
}

/** An n x n QPSK link at 0 to 30 dB, a spiking network of the given size, and the paper's machine. */
function preset(name: string, description: string, antennas: number, size: Size): Preset {
  return {
    name,
    description,
    document: {
      name,
      task: {
        kind: "symbol-detection",
        transmitAntennas: antennas,
        receiveAntennas: antennas,
        modulation: "qpsk",
        snrDecibels: { min: 0, max: 30 },
        noise: "doubled",
        receiverBits: 4,
        pilots: 18,
      },
      model: { kind: "spiking", ...size },
      hardware: structuredClone(PAPER_MACHINE),
    },
  };
}

/** 32 x 32 pixels in 64 patches, as in the first author's code. */
const CIFAR_10 = { data: "cifar-10", patch: 4 } as const;

/** 224 x 224 pixels in 196 patches: "patch 16x16" (Table VI). The images are not published freely: they come from a program. */
const IMAGENET = {
  data: { name: "imagenet", height: 224, width: 224, channels: 3, classes: 1000 },
  patch: 16,
} as const;

/** A vision transformer of Table III: Bernoulli coding (equation 1), a class token, learned positions. */
function vision(
  name: string,
  steps: number,
  size: Omit<Size, "steps">,
  images: typeof CIFAR_10 | typeof IMAGENET,
): Preset {
  const data = typeof images.data === "string" ? "CIFAR-10" : "ImageNet-1K";
  return {
    name,
    description: `Table III: ${data}, ${size.depth} blocks of width ${size.width}, ${steps} time steps`,
    document: {
      name,
      task: { kind: "image-classification", ...structuredClone(images), readOut: "class-token", coding: "bernoulli" },
      model: { kind: "spiking", ...size, steps, position: "learned" },
      hardware: structuredClone(PAPER_MACHINE),
    },
  };
}

/** A network that was trained here: thermometer lines and larger gains than the defaults (see `docs/assumptions.md`). */
function trained(
  name: string,
  description: string,
  antennas: number,
  own: Pick<ExperimentDocument, "hardware" | "checkpoints"> & {
    readonly task?: { readonly queryCopies: number };
    readonly model?: {
      readonly width: number;
      readonly depth: number;
      readonly readOut: "bits";
      readonly neuron: { readonly kind: "if"; readonly reset: "soft" };
      readonly surrogate: { readonly kind: "triangular"; readonly width: number };
    };
  },
): Preset {
  const { task, model, ...rest } = own;
  const size = { kind: "spiking", width: 128, heads: 8, depth: 2, steps: 4, ...model } as const;
  const { document } = preset(name, description, antennas, size);
  return {
    name,
    description,
    document: {
      ...document,
      hardware: structuredClone(RECOMMENDED_MACHINE),
      task: { ...document.task, ...task, kind: "symbol-detection", coding: "thermometer" },
      model: {
        attention: { kind: "stochastic", scoreGain: 8, valueGain: 32, draws: "stratified" },
        surrogate: { kind: "triangular", width: 1 },
        ...size,
      },
      training: {
        batch: 64,
        shards: 4,
        stages: [
          { name: "conventional", steps: 3500, learningRate: 3e-3, warmup: 100, finalFraction: 0.1 },
          { name: "hardware-aware", steps: 1500, learningRate: 1e-3, warmup: 50, noise: { weights: 0.04 } },
        ],
      },
      evaluation: { prompts: 640, curvePrompts: 192 },
      ...rest,
    },
  };
}
