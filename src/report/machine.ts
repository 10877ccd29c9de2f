/** Figures and charts of the machine: its crossbars, and the spikes of one prompt. */
import type { ChipEvaluation } from "../evaluation/chips.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { AttentionMapping, ServingMapping } from "../mapping/attention.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { mean } from "../numeric/statistics.ts";
import { compensationCost } from "../simulation/compensation.ts";
import { sumRegisters } from "../simulation/registers.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { ChartDraft, FigureDraft } from "./build-report.ts";
import { meanFigure, rasterLayer } from "./measured.ts";
import { registerFigures } from "./registers.ts";

export interface MachineRun {
  readonly experiment: Experiment;
  readonly mapping: Mapping;
  /** One entry per programmed chip, all on the same prompts. */
  readonly chips: readonly Pick<ChipEvaluation, "clippedShare" | "densities" | "registers">[];
}

/** Sizes of the machine, clipping of its converters, and spike densities. */
export function machineFigures({ mapping, chips, experiment }: MachineRun): FigureDraft[] {
  const { totals } = mapping;
  const figures: FigureDraft[] = [
    { id: "crossbars.count", label: "Crossbars", value: totals.crossbars, unit: "crossbars" },
    { id: "crossbars.loads", label: "Loads of the chip in one inference", value: totals.loads, unit: "loads" },
    { id: "crossbars.utilisation", label: "Share of cells that hold a weight", value: totals.utilisation, unit: "1" },
    ...mapping.attention.flatMap((units) => attentionFigures(units, mapping.attention.length > 1)),
    { id: "adc.count", label: "Converters", value: totals.converters, unit: "converters" },
    meanFigure(
      "adc.clipped",
      "Share of conversions that clip",
      chips.map(({ clippedShare }) => clippedShare),
    ),
    ...registerFigures("", "", sumRegisters(chips.map(({ registers }) => registers))),
  ];
  if (experiment.hardware.compensation.scope !== "none") {
    const { reads } = compensationCost(mapping, experiment.hardware);
    figures.push({
      id: "compensation.reads",
      label: "Reads for drift compensation before use",
      value: reads,
      unit: "reads",
    });
  }
  if (experiment.model.kind !== "ann") {
    figures.push({ id: "steps", label: "Time steps T", value: experiment.model.steps, unit: "steps" });
  }
  for (const name of Object.keys(chips[0].densities)) {
    const label = `Spike density: ${name}`;
    figures.push(
      meanFigure(
        `density.${name}`,
        label,
        chips.map(({ densities }) => densities[name]),
      ),
    );
  }
  return figures;
}

/** The units of attention: their number, and where there are several groups, the operations that each serves. */
function attentionFigures(attention: AttentionMapping, isNamed: boolean): FigureDraft[] {
  if (attention.unit === "none") return [];
  const { id, label } = ATTENTION_UNITS[attention.unit];
  const { serves, tiles } = attention;
  const named = isNamed ? { id: `.${serves[0]}`, label: `, for ${serves.join(", ")}` } : { id: "", label: "" };
  return [{ id: `tiles.${id}${named.id}`, label: `${label}${named.label}`, value: tiles, unit: "tiles" }];
}

const ATTENTION_UNITS: Readonly<Record<ServingMapping["unit"], { readonly id: string; readonly label: string }>> = {
  "ssa-tile": { id: "ssa", label: "SSA tiles" },
  "pair-tile": { id: "pair", label: "Pair tiles of attention" },
  "column-counters": { id: "columns", label: "Column counters of attention, one set per head" },
  "token-counters": { id: "tokens", label: "Token counters of attention, one set per head" },
  "outer-product": { id: "outer", label: "Outer-product arrays of attention" },
};

/** Spike density by layer. */
export function densitiesChart(chips: MachineRun["chips"]): ChartDraft {
  return {
    kind: "bars",
    id: "densities",
    title: "Spike density of each layer",
    caption:
      "Share of ones over all prompts, tokens and time steps, averaged over chips. Sparse layers drive few lines.",
    value: { label: "Share of ones" },
    bars: Object.keys(chips[0].densities).map((name) => ({
      label: name,
      value: mean(chips.map(({ densities }) => densities[name])),
    })),
  };
}

export function layoutChart({ crossbar, layers, totals }: Mapping): ChartDraft {
  const loads =
    totals.loads === 1
      ? ""
      : ` The chip has ${totals.crossbars} crossbars, so one inference takes ${totals.loads} loads, in the order of the layers.`;
  return {
    kind: "layout",
    id: "layout",
    title: "Crossbars by layer",
    caption:
      `Each square is a crossbar of ${crossbar.rows} x ${crossbar.columns} differential cells; the filled part holds weights. Row ` +
      `blocks of one column group share a tile, whose adder sums them.${loads}`,
    crossbar,
    layers: layers.map(({ name, lines, outputs, blocks }) => ({
      name,
      inputs: lines,
      outputs,
      crossbars: blocks.map((block) => ({
        // The first block is a full one, and the embedding's may be cut finer than the crossbars.
        rowBlock: block.rowStart / blocks[0].rows,
        columnBlock: block.columnStart / crossbar.columns,
        usedRows: block.rows,
        usedColumns: block.columns,
        tile: block.tile,
      })),
    })),
  };
}

/** Spike trains of one prompt. */
export function rasterChart(rasters: Readonly<Record<string, SpikeTrain>>): ChartDraft {
  return {
    kind: "raster",
    id: "rasters",
    title: "Spikes of one prompt, layer by layer",
    caption:
      "Every dot is a spike on the first chip: time steps from left to right within each token, features from the top.",
    layers: Object.entries(rasters).map(([name, train]) => rasterLayer(name, train)),
  };
}
