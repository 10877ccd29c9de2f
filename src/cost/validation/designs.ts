/**
 * Published designs that the cost model is tested against, each measured on silicon.
 *
 * Choices between readings of a source were made before any of them was priced. A figure that was not found is not replaced:
 * `why` says what is missing and what is assumed instead.
 */
import { picojoules } from "../../units.ts";
import {
  additions,
  comparisons,
  flipFlops,
  gates,
  inMemory,
  memory,
  memoryLeakage,
  popcounts,
  type SiliconDesign,
} from "./design.ts";

const JIA = {
  reference:
    "H. Jia, H. Valavi, Y. Tang, J. Zhang, N. Verma: A programmable heterogeneous microprocessor based on bit-scalable in-memory " +
    "computing. IEEE JSSC 55(9), 2020, pp. 2609-2621",
  url: "https://doi.org/10.1109/JSSC.2020.2987714",
  readIn: ["abstract", "repository"],
} as const;
/** Inputs of a column: 590 kb of cells for 256 columns. */
const JIA_ROWS = 2304;
/** Table I at 0.85 V, as CiMLoop's tests quote it: array, converter and near-memory computing, per column. */
const JIA_COLUMN = { array: picojoules(9.7), converter: picojoules(1.79), digital: picojoules(8.3) };

const CUTIE = { inputs: 9 * 96, outputs: 96 };

/** 478.8 GOPS at 237 images a second; 1,024 products a neuron. */
const BANKMAN = { neurons: 478.8e9 / 237 / 2 / 1024, filters: 256, memory: 328 * 1024, weights: 256 * 1024 };

/** Parameters of a language model, spike density (`zhou-arxiv-2023`) and time steps of a workload of this model. */
const TOKEN = { parameters: 0.55e9, density: 0.2, steps: 4, sumBits: 13 };

export const DESIGNS: readonly SiliconDesign[] = [
  {
    id: "jia-1-bit",
    name: "charge-domain macro, 1 bit",
    geometry: "2304 rows, one 8-bit conversion a column, 1-bit inputs and weights",
    node: 65,
    supply: 0.85,
    measured: {
      of: "a column of 2,304 products",
      value: JIA_COLUMN.array + JIA_COLUMN.converter,
      printed: "400 1b-TOPS/W at 0.85 V for MAC hardware; Table I: array 9.7 pJ, converter 1.79 pJ a column",
      arithmetic: "9.7 + 1.79 = 11.49 pJ; 2 x 2304 op / 11.49 pJ = 401 TOPS/W",
      includes: "cells, drivers, converter",
    },
    actions: inMemory({ rows: JIA_ROWS, columns: 1, bits: 8 }),
    ...JIA,
    why:
      "Cells are priced as resistors read for 10 ns, not as capacitors charged to the supply; the converter's price grows with the " +
      "current of 2,304 resistors, which a charge-domain column does not have.",
  },
  {
    id: "jia-4-bit",
    name: "charge-domain macro, 4 bits",
    geometry: "2304 rows, four columns a weight, four reads an input, one 8-bit conversion a column and read",
    node: 65,
    supply: 0.85,
    measured: {
      of: "an output of 2,304 products",
      value: 16 * (JIA_COLUMN.array + JIA_COLUMN.converter + JIA_COLUMN.digital),
      printed: "Table I at 0.85 V: array 9.7 pJ, converter 1.79 pJ a column, near-memory data path 8.3 pJ an output",
      arithmetic: "16 x (9.7 + 1.79 + 8.3) pJ: energy scales with the bits of inputs and of weights",
      includes: "cells, drivers, converters, shifted sums, scaling and offset",
    },
    actions: inMemory({ rows: JIA_ROWS, columns: 4, bits: 8, reads: 4, sums: true }),
    ...JIA,
    why: "As for 1 bit. The near-memory data path scales, shifts and adds numbers of up to 32 bits; this model adds one code.",
  },
  {
    id: "colonnade",
    name: "digital bit-serial macro, 1 bit",
    geometry: "128 x 128 cells with a gate and a full adder each, eight adders a product, a register every 8 rows",
    node: 65,
    supply: 0.8,
    measured: {
      of: "a product",
      value: picojoules(0.0681),
      printed: "Fig. 16 at 0.8 V and 100 MHz: 68.1 fJ a product of 1 bit, as CiMLoop's tests quote it",
      arithmetic: "as printed",
      includes: "cells, adders, registers, drivers, control",
    },
    actions: [gates(1), additions(1, 8), flipFlops(1)],
    reference:
      "H. Kim, T. Yoo, T. T.-H. Kim, B. Kim: Colonnade: A reconfigurable SRAM-based digital bit-serial compute-in-memory macro for " +
      "processing neural networks. IEEE JSSC 56(7), 2021, pp. 2221-2233",
    url: "https://doi.org/10.1109/JSSC.2021.3061508",
    readIn: ["repository"],
    why: "Drivers and decoders, a third of the energy at 8-bit weights, are not priced: this model has no unit for input lines of digital cells.",
  },
  {
    id: "tcn-cutie",
    name: "digital ternary engine",
    geometry: "96 channels, each a tree over 3 x 3 x 96 ternary products, in one clock",
    node: 22,
    supply: 0.5,
    measured: {
      of: "a clock of 82,944 products",
      value: (2 * CUTIE.inputs * CUTIE.outputs) / 1036e12,
      printed: "1036 TOp/s/W at its peak; 0.5 V; 96 channels a layer",
      arithmetic: "2 x 864 x 96 op / 1036 TOp/s/W = 160 pJ; kernels of 3 x 3 as in CUTIE",
      includes: "the accelerator at its peak",
    },
    actions: [
      gates(2 * CUTIE.inputs * CUTIE.outputs),
      ...popcounts(2 * CUTIE.outputs, CUTIE.inputs),
      additions(CUTIE.outputs, 10),
      comparisons(2 * CUTIE.outputs, 10),
      flipFlops(2 * CUTIE.inputs + 2 * CUTIE.outputs),
    ],
    reference:
      "M. Scherer, A. Di Mauro, T. Fischer, G. Rutishauser, L. Benini: TCN-CUTIE: A 1036 TOp/s/W, 2.72 uJ/inference, 12.2 mW all-digital " +
      "ternary accelerator in 22 nm FDX technology. IEEE Micro, 2023, arXiv 2212.00688",
    url: "https://arxiv.org/abs/2212.00688",
    readIn: ["abstract"],
    why:
      "Each gate and adder is charged at its full price; weights that are 0 silence theirs on the chip. Memories and wires are not " +
      "charged, as their sizes were not found; nor was the network, so the 2.72 uJ of an image are not priced.",
  },
  {
    id: "bankman",
    name: "mixed-signal binary CNN",
    geometry: "neurons of 1024 binary products and one comparison; 328 kB of SRAM; 256 filters of 2 x 2 a layer",
    node: 28,
    supply: 0.8,
    measured: {
      of: "an image of CIFAR-10",
      value: 3.8e-6,
      printed: "3.8 uJ an image, 237 images/s, 0.9 mW from 0.6 V and 0.8 V, 328 kB of SRAM; 478.8 GOPS, 532 TOPS/W",
      arithmetic: "478.8 GOPS / 237 / 2 / 1024 = 986,000 neurons an image",
      includes: "the chip",
    },
    actions: [
      ...inMemory({ rows: 1024, columns: 1, bits: 1, reads: BANKMAN.neurons }),
      ...memory("memory", {
        size: BANKMAN.memory,
        wordBits: 128,
        // Weights once; two new positions of 256 channels a step of the window.
        reads: BANKMAN.weights + ((BANKMAN.neurons / BANKMAN.filters) * 2 * BANKMAN.filters) / 8,
        writes: BANKMAN.neurons / 8,
      }),
      memoryLeakage(BANKMAN.memory, 1 / 237),
    ],
    reference:
      "D. Bankman, L. Yang, B. Moons, M. Verhelst, B. Murmann: An always-on 3.8 uJ/86 % CIFAR-10 mixed-signal binary CNN processor with " +
      "all memory on chip in 28-nm CMOS. IEEE JSSC 54(1), 2019, pp. 158-172",
    url: "https://doi.org/10.1109/JSSC.2018.2869150",
    readIn: ["abstract", "repository"],
    why:
      "Leakage of 328 kB at 330 K is more than the whole chip consumes: its memory is built of slower transistors than this model's. " +
      "The higher of two supplies is taken for all. Windows are assumed to be read once; operations per second were read in a list of chips.",
  },
  {
    id: "hermes",
    name: "PCM core, 8 bits",
    geometry: "256 x 256 pairs, 8-bit inputs and outputs, one converter a column",
    node: 14,
    supply: null,
    measured: {
      of: "a product with 256 x 256 weights",
      value: (2 * 256 ** 2) / 9.76e12,
      printed: "9.76 TOPS/W in one-phase reads, 63.1 TOPS, 64 cores of 256 x 256",
      arithmetic: "2 x 256^2 op / 9.76 TOPS/W = 13.4 nJ",
      includes: "the chip: cores, converters, local digital units, links",
    },
    actions: inMemory({ rows: 256, columns: 256, bits: 8, reads: 8, sums: true, moves: true }),
    reference:
      "M. Le Gallo, R. Khaddam-Aljameh, M. Stanisavljevic et al.: A 64-core mixed-signal in-memory compute chip based on phase-change " +
      "memory for deep neural network inference. Nature Electronics 6, 2023, pp. 680-693",
    url: "https://doi.org/10.1038/s41928-023-01010-1",
    readIn: ["abstract"],
    why:
      "A column reads for 133 ns, not 8 x 10 ns, and its converter is an oscillator that counts up to 3 GHz. NeuroSim's SAR converter, " +
      "scaled to 14 nm beyond its source, and a read of 10 ns are far cheaper than this silicon: the preset silicon-hermes uses the latter.",
  },
  {
    id: "neurram",
    name: "RRAM core, 1-bit inputs",
    geometry: "256 x 128 pairs, 1-bit inputs, 3-bit outputs",
    node: 130,
    supply: null,
    measured: {
      of: "a product with 256 x 128 weights",
      value: (2 * 256 * 128) / 43.08e12,
      printed: "43.08 TOPS/W at 1-bit inputs and 3-bit outputs, as CiMLoop's tests quote Fig. 12",
      arithmetic: "2 x 256 x 128 op / 43.08 TOPS/W = 1.52 nJ",
      includes: "word lines, input pulses, neurons and control",
    },
    actions: inMemory({ rows: 256, columns: 128, bits: 3 }),
    reference:
      "W. Wan, R. Kubendran, C. Schaefer et al.: A compute-in-memory chip based on resistive random-access memory. Nature 608, 2022, " +
      "pp. 504-512",
    url: "https://doi.org/10.1038/s41586-022-04992-8",
    readIn: ["repository"],
    why:
      "130 nm is beyond every scaling here and is extrapolated. Word lines switch between 0.9 and 2.2 V and neurons run at 1.8 V; " +
      "neither is a supply of this model.",
  },
  {
    id: "sinangil",
    name: "current-mode SRAM macro, 4 bits",
    geometry: "64 rows, 16 outputs of four columns, 4-bit inputs, 4-bit flash converters",
    node: 7,
    supply: 0.8,
    measured: {
      of: "16 outputs of 64 products",
      value: (2 * 64 * 16) / 351e12,
      low: (2 * 64 * 16) / 610.5e12,
      high: (2 * 64 * 16) / 262.3e12,
      printed: "351 TOPS/W at 0.8 V for mean outputs, 262.3 to 610.5 for others, as CiMLoop's tests quote Table I",
      arithmetic: "2 x 64 x 16 op / 351 TOPS/W = 5.83 pJ",
      includes: "the macro",
    },
    actions: inMemory({ rows: 64, columns: 64, converted: 16, bits: 4, reads: 4 }),
    reference:
      "M. E. Sinangil, B. Erbagci, R. Naous et al.: A 7-nm compute-in-memory SRAM macro supporting multi-bit input, weight and output " +
      "and achieving 351 TOPS/W and 372.4 GOPS. IEEE JSSC 56(1), 2021, pp. 188-198",
    url: "https://doi.org/10.1109/JSSC.2020.3031290",
    readIn: ["repository"],
    why:
      "Cells dominate and are priced as memory devices, which do not shrink. On the chip an input is a number of pulses that one conversion " +
      "reads, and converters at 7 nm are scaled beyond their source.",
  },
  {
    id: "c-transformer",
    name: "spiking language model",
    geometry: "GPT-2 with 400 to 700 M parameters; time steps and spike densities are not printed",
    node: 28,
    supply: null,
    measured: {
      of: "a token",
      value: Math.sqrt(2.6 * 18.1) * 1e-6,
      low: 2.6e-6,
      high: 18.1e-6,
      printed: "2.6 to 18.1 uJ a token; language models of 400 to 700 M parameters; 28 nm, 0.7 to 1.1 V",
      arithmetic: "geometric mean of the ends",
      includes: "not stated in what we could read",
    },
    actions: [additions(TOKEN.parameters * TOKEN.density * TOKEN.steps, TOKEN.sumBits)],
    reference:
      "S. Kim, S. Kim, W. Jo, S. Kim, S. Hong, H.-J. Yoo: C-Transformer: A 2.6-18.1 uJ/token homogeneous DNN-transformer/spiking-" +
      "transformer processor with big-little network and implicit weight generation for large language models. ISSCC 2024, pp. 368-370",
    url: "https://doi.org/10.1109/ISSCC49657.2024.10454330",
    readIn: ["abstract"],
    why:
      "A weak test: T = 4, a density of 0.2 and all 550 M parameters for every token are our assumptions, and each weight is read once for " +
      "all tokens, so its energy is left out. The chip runs a smaller network for easy tokens.",
  },
];
