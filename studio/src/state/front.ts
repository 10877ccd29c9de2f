/** The front of machines that a search found for the network shown (experiments/front), on the plane beside machines tried. */
import { computed, signal } from "@preact/signals";
import type { Experiment } from "xpikeformer";
import { experimentAt, kitOf } from "xpikeformer/internal";
import { type CostAxis, costAxis, type Point } from "./plane.ts";
import { fail, opened } from "./studio.ts";

type Recorded = typeof import("virtual:front")["default"];

interface Machine {
  /** As it was measured. */
  readonly experiment: Experiment;
  readonly measured: Recorded["machines"][number];
}

/** Null before it is loaded. */
const record = signal<{ readonly tried: number; readonly machines: readonly Machine[] } | null>(null);

let asked = false;

/** Loads the record, once: when the plane comes into view, so that the first figures need not wait for it. */
export function loadFront(): void {
  if (asked) return;
  asked = true;
  import("virtual:front").then(({ default: { experiment, tried, machines } }) => {
    const at = (values: Recorded["machines"][number]["values"]) =>
      experimentAt({ experiment, axes: {} } as unknown as Parameters<typeof experimentAt>[0], values);
    record.value = { tried, machines: machines.map((measured) => ({ measured, experiment: at(measured.values) })) };
  }, fail);
}

/** What a comparison needs to be the same: the question asked once, and the network. */
const comparedBy = ({ task, checkpoints }: Experiment): string =>
  JSON.stringify([kitOf(task).askedOnce(task), checkpoints.network]);

/** A machine of the front, in the units of the plane. */
export interface FrontMark extends Point {
  readonly key: string;
  readonly experiment: Experiment;
}

/** What the record has of a cost; null: nothing. */
function costOf(axis: CostAxis, { energy, area }: Machine["measured"], perInference: number): Point["cost"] | null {
  switch (axis) {
    case "energy":
      return { value: energy / perInference, unit: "J" };
    case "area":
      return { value: area, unit: "m2" };
    case "latency":
      return null;
  }
}

/** The front of the network shown; null where the record is of another network or task. */
export const front = computed(() => {
  const [known, shown] = [record.value, opened.value];
  const [first] = known?.machines ?? [];
  if (!known || !first || !shown || comparedBy(first.experiment) !== comparedBy(shown)) return null;
  const { perInference } = kitOf(shown.task).result(shown.task);
  const marks = known.machines.flatMap(({ experiment, measured }, i): FrontMark[] => {
    const cost = costOf(costAxis.value, measured, perInference);
    const { value: error, low, high } = measured.errorRate;
    return cost ? [{ key: `front-${i}`, experiment, cost, error, low, high }] : [];
  });
  const { seed, hardware, evaluation } = first.experiment;
  return {
    marks,
    tried: known.tried,
    seed,
    age: hardware.readTime,
    chips: hardware.chips,
    prompts: evaluation.prompts,
  };
});
