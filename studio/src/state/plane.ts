/** The trade-off plane: error against a cost, for machines tried and for what they are compared with. */
import { computed, signal } from "@preact/signals";
import { guessingRate } from "xpikeformer/internal";
import type { FigureDraft } from "xpikeformer/report";
import { machineKey } from "../machine-key.ts";
import { experiment, figures, metric, prompt } from "./studio.ts";
import { sweep } from "./sweep.ts";
import { type Tried, tried } from "./tried.ts";

/** What the horizontal axis shows. */
export type CostAxis = "energy" | "latency" | "area";

export const costAxis = signal<CostAxis>("energy");

/** A point, in SI units and shares. */
export interface Point {
  readonly cost: Pick<FigureDraft, "value" | "unit">;
  /** Share of wrong bits or answers. */
  readonly error: number;
  readonly low: number;
  readonly high: number;
}

export interface Dot extends Point {
  readonly tried: Tried;
}

/** A horizontal line: an error without a cost. */
export interface Line {
  readonly name: string;
  readonly figure: string;
  readonly error: number;
}

/** Ids of a cost: of chips, and of the ANN by the names of its engines. */
const costIds = computed((): readonly [own: string, ann: Readonly<Record<string, string>>] => {
  const { energy } = metric.value;
  switch (costAxis.value) {
    case "energy":
      return [
        energy,
        {
          "ANN, trees": energy.replace("xpikeformer", "annTrees"),
          "ANN, array": energy.replace("xpikeformer", "annDigital"),
        },
      ];
    case "latency":
      return ["cost.latency.alone", { "ANN, array": "cost.latency.annDigital" }];
    case "area":
      return ["cost.area.xpikeformer", { "ANN, array": "cost.area.annDigital" }];
  }
});

function pointOf(rate: FigureDraft | undefined, cost: FigureDraft | undefined): Point | null {
  if (!rate || !cost) return null;
  const { low, high } = rate.interval ?? { low: rate.value, high: rate.value };
  return rate.id.startsWith("accuracy")
    ? { cost, error: 1 - rate.value, low: 1 - high, high: 1 - low }
    : { cost, error: rate.value, low, high };
}

/** Machines tried, oldest first. */
export const dots = computed((): readonly Dot[] => {
  const [own] = costIds.value;
  return tried.value.flatMap((one) => {
    const find = (wanted: string) => one.reached.figures.find(({ id }) => id === wanted);
    const point = pointOf(find(metric.value.rate), find(own));
    return point ? [{ ...point, tried: one }] : [];
  });
});

/** The experiment's ANN on each engine; empty before it has answered, or where there is none. */
export const annPoints = computed(() => {
  const [, engines] = costIds.value;
  const rate = figures.value.get(metric.value.rate.replace("xpikeformer", "ann"));
  return Object.entries(engines).flatMap(([name, id]) => {
    const point = pointOf(rate, figures.value.get(id));
    return point ? [{ ...point, name, id }] : [];
  });
});

/** Receivers that know no more than the chip: the channel from pilots. */
const RECEIVERS = [
  ["ber.ml.pilots", "maximum likelihood"],
  ["ber.mmse.pilots", "linear MMSE"],
] as const;

/** What has an error but no cost here: classical receivers, and guessing. */
export const lines = computed((): readonly Line[] => {
  const task = experiment.value?.task;
  const classes = prompt.value?.classes;
  const receivers = RECEIVERS.flatMap(([id, name]) => {
    const rate = figures.value.get(id);
    return rate ? [{ name, figure: id, error: rate.value }] : [];
  });
  if (!task || !classes) return receivers;
  return [...receivers, { name: "guessing", figure: "guessing", error: guessingRate(task, classes) }];
});

/** Machines of the newest sweep that have a dot, in the order of the knob's values. */
export const curve = computed((): readonly Dot[] => {
  const keys = sweep.value?.machines.map(machineKey) ?? [];
  return keys.flatMap((key) => dots.value.find(({ tried }) => tried.key === key) ?? []);
});
