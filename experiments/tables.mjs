// The tables of this folder's pages, computed through the public API. `node experiments/tables.mjs` prints all of them, and
// `npx vitest run test/experiments.test.ts -u` writes them into the pages.
import { estimateCost, findCostPreset, ratioTo, resolveTechnology } from "xpikeformer";
import {
  annBlock,
  atPublishedSteps,
  CLAIMED_RATIOS,
  COST_PRESETS,
  estimateArea,
  findPrice,
  findWorkload,
  isWithinRounding,
  SSA_BLOCK,
  ssaBlock,
} from "xpikeformer/cost";
import { attentionZooTables } from "./attention-zoo/tables.mjs";
import { claimTables } from "./claim-tables.mjs";
import { codedLinkTables } from "./coded-link/tables.mjs";
import { earlyExitTables } from "./early-exit/tables.mjs";
import { energyRatioTables } from "./energy-ratios/tables.mjs";
import { firstPageTables } from "./first-page/tables.mjs";
import { frontTables } from "./front/tables.mjs";
import { errorFrontTables } from "./fronts/tables.mjs";
import { imageAccuracyTables } from "./image-accuracy/tables.mjs";
import { ablationTables } from "./machine/ablation-tables.mjs";
import { machineTrainingTables } from "./machine/tables.mjs";
import { machineTables } from "./machines/tables.mjs";
import { markdown } from "./markdown.mjs";
import { numberFormatTables } from "./number-formats/tables.mjs";
import { randomNumberTables } from "./random-numbers/tables.mjs";
import { realisticTables } from "./realistic/tables.mjs";
import { sideBySideTables } from "./side-by-side/tables.mjs";
import { siliconTables } from "./silicon/tables.mjs";
import { softBitTables } from "./soft-bits/tables.mjs";
import { gateTables } from "./ssa-gates/tables.mjs";
import { stuckDeviceTables } from "./stuck-devices/tables.mjs";
import { trainingTrickTables } from "./training-tricks/tables.mjs";
import { wideLinkTables } from "./wide-link/tables.mjs";

const bottomUp = resolveTechnology(findCostPreset("bottom-up"));
const paper = resolveTechnology(findCostPreset("paper"));
const large = findWorkload("vit-8-768-imagenet");

const fixed = (digits) => (value) => value.toFixed(digits);
const percent = (value) => `${(100 * value).toFixed(1)} %`;
const millijoules = (value) => (1e3 * value).toFixed(3);
const micro = (value) => (1e6 * value).toFixed(2);
const relative = (ours, printed) => {
  const share = 100 * (ours / printed - 1);
  return `${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(share).toFixed(0)} %`;
};

/** Bottom-up prices at equal T and at the paper's T, and the paper's own prices at the paper's T. */
const threeWays = (workload) => [
  estimateCost(workload, bottomUp),
  estimateCost(atPublishedSteps(workload), bottomUp),
  estimateCost(atPublishedSteps(workload), paper),
];

const programs = {
  "table-vi-energy": () => {
    const [equal, published, calibrated] = threeWays(large);
    const rows = [
      ["SwiftTron (digital int8 ANN)", 3.97e-3, "annDigital"],
      ["X-Former (hybrid ANN)", 2.04e-3, "annAimc"],
      ["Xpikeformer", 0.3e-3, "xpikeformer"],
    ];
    return {
      head: [
        "energy per inference, mJ",
        "printed",
        "`bottom-up`, T = 4",
        "difference",
        "`bottom-up`, T = 7",
        "preset `paper`, T = 7",
        "difference",
      ],
      rows: rows.map(([name, printed, id]) => {
        const [a, b, c] = [equal, published, calibrated].map(({ architectures }) => architectures[id].total);
        return [
          name,
          (1e3 * printed).toFixed(2),
          millijoules(a),
          relative(a, printed),
          millijoules(b),
          millijoules(c),
          relative(c, printed),
        ];
      }),
    };
  },

  "energy-ratios": () => ({
    head: [
      "model",
      "baseline",
      "printed",
      "`bottom-up`, equal T",
      "`bottom-up`, printed T",
      "preset `paper`, printed T",
      "within rounding",
    ],
    rows: CLAIMED_RATIOS.map(({ workload, architecture, printed }) => {
      const ratios = threeWays(findWorkload(workload)).map((estimate) => ratioTo(estimate, architecture));
      const label = estimateCost(findWorkload(workload), bottomUp).architectures[architecture].label;
      return [
        workload,
        label,
        printed.join(" or "),
        ...ratios.map(fixed(2)),
        isWithinRounding(ratios[2], printed) ? "yes" : "no",
      ];
    }),
  }),

  "energy-split": () => {
    const [equal, , calibrated] = threeWays(large);
    return {
      head: ["share of compute energy", "printed", "`bottom-up`, T = 4", "preset `paper`, T = 7"],
      rows: [equal, calibrated].map(splitOf).reduce(
        (all, split) => all.map((row, i) => [...row, percent(split[i])]),
        [
          ["AIMC", "78.4 %"],
          ["SSA", "18.9 %"],
          ["other (residual additions)", "2.7 %"],
          ["of AIMC: periphery, wires, cells", "85.9 %"],
          ["of AIMC: accumulation and LIF", "12.1 %"],
          ["of AIMC: ADC", "2.0 %"],
        ],
      ),
    };
  },

  "implied-prices": () => ({
    head: ["energy per action, pJ", "implied by the paper", "`bottom-up`", "implied / `bottom-up`"],
    rows: [
      ["5-bit conversion", "conversion5"],
      ["multiplexer, switches, decoders and wires, per conversion", "periphery", "interconnect", "buffer"],
      ["accumulation, per conversion", "accumulation"],
      ["LIF update", "lifUpdate"],
      ["SSA cell operation", "sacOperation"],
      ["addition to the residual stream", "residualAddition"],
    ].map(([name, ...ids]) => {
      const [implied, own] = [paper, bottomUp].map(({ technology }) =>
        ids.reduce((sum, id) => sum + 1e12 * technology[id], 0),
      );
      return [name, implied.toPrecision(3), own.toPrecision(3), (implied / own).toPrecision(2)];
    }),
  }),

  "ssa-block": () => {
    const rows = [
      ["SSA", ssaBlock(SSA_BLOCK), 1.23, 52.8],
      ["ANN, fp16, without softmax", annBlock(SSA_BLOCK), 7.77, 89.96],
    ];
    return {
      head: ["energy per block, uJ", "processing, paper", "ours", "difference", "memory, paper", "ours", "difference"],
      rows: rows.map(([name, { processing, memory }, p, m]) => [
        ...[name, String(p), micro(processing), relative(1e6 * processing, p)],
        ...[String(m), micro(memory), relative(1e6 * memory, m)],
      ]),
    };
  },

  "thirteen-fold-presets": () => presetTable("annDigital"),
  "one-point-nine-fold-presets": () => presetTable("snnDigital"),

  area: () => {
    const mm2 = (value) => (1e6 * value).toFixed(1);
    const own = estimateArea(large, bottomUp.technology);
    const printed = estimateArea(large, paper.technology);
    const hermes = resolveTechnology(findCostPreset("silicon-hermes"));
    const bare = { ...bottomUp.technology, crossbarArea: findPrice("peng-iedm-2019.crossbarArea").low };
    const sum = ({ xpikeformer }) => Object.values(xpikeformer).reduce((total, part) => total + part, 0);
    const silicon = estimateArea(large, hermes.technology);
    return {
      head: ["ViT-8-768, mm²", "crossbars, ADCs, wires", "SSA", "LIF", "total"],
      rows: [
        ["printed", "689.9", "94.1", "in core", "784"],
        ...[
          ["preset `paper`", printed],
          ["preset `bottom-up` (NeuroSim, 45 nm)", own],
          ["preset `bottom-up`, without wires", estimateArea(large, bare)],
          ["preset `silicon-hermes` (measured, 14 nm)", silicon],
        ].map(([name, area]) => [
          name,
          ...[area.xpikeformer.crossbars, area.xpikeformer.attention, area.xpikeformer.lif, sum(area)].map(mm2),
        ]),
        ["digital int8 ANN, weights in SRAM", "", "", "", mm2(own.annDigital.arithmetic + own.annDigital.weights)],
      ],
    };
  },

  ...claimTables,
  ...codedLinkTables,
  ...earlyExitTables,
  ...softBitTables,
  ...energyRatioTables,
  ...firstPageTables,
  ...gateTables,
  ...siliconTables,
  ...imageAccuracyTables,
  ...sideBySideTables,
  ...stuckDeviceTables,
  ...ablationTables,
  ...machineTrainingTables,
  ...machineTables,
  ...numberFormatTables,
  ...randomNumberTables,
  ...realisticTables,
  ...frontTables,
  ...errorFrontTables,
  ...attentionZooTables,
  ...trainingTrickTables,
  ...wideLinkTables,
};

/** Tables are computed on first use, once each. */
export const tables = Object.fromEntries(
  Object.entries(programs).map(([name, program]) => {
    let table;
    return [
      name,
      () => {
        table ??= program();
        return table;
      },
    ];
  }),
);

/** One energy ratio under every preset, at T = 4 and at the paper's T. */
function presetTable(id) {
  return {
    head: ["preset of prices", "T = 4", "printed T"],
    rows: COST_PRESETS.map((preset) => {
      const resolved = resolveTechnology(preset);
      const ratio = (workload) => ratioTo(estimateCost(workload, resolved), id).toFixed(2);
      return [`\`${preset.name}\``, ratio(large), ratio(atPublishedSteps(large))];
    }),
  };
}

/** Shares of the compute energy, excluding SRAM traffic of spikes and of the residual stream. */
function splitOf({ architectures, workload, resolved: { technology } }) {
  const parts = architectures.xpikeformer.parts;
  const { depth, width, tokens, steps } = workload;
  const other = 2 * depth * steps * tokens * width * technology.residualAddition;
  const adc = parts.adc;
  const accumulation = parts.accumulation + parts.lif;
  const periphery = parts.periphery + parts.interconnect + parts.buffers + parts.array + parts.drivers;
  const ssa = parts.ssaCells + parts.ssaRandom;
  const aimc = adc + accumulation + periphery;
  const compute = aimc + ssa + other;
  return [aimc / compute, ssa / compute, other / compute, periphery / aimc, accumulation / aimc, adc / aimc];
}

export { markdown };

if (globalThis.process?.argv[1]?.endsWith("tables.mjs")) {
  for (const [name, table] of Object.entries(tables)) console.log(`${name}\n\n${markdown(table())}\n`);
}
