/** What age does to chips, as signals. The worker starts when someone asks. */
import { computed, signal } from "@preact/signals";
import { type Duration, type Experiment, parseDurations } from "xpikeformer";
import { type Caller, callerOf, type Failure, failureOf } from "../workers/calls.ts";
import type { AgedRate, YearFunctions } from "../workers/year.ts";
import { following } from "./ask.ts";
import { place } from "./place.ts";
import { chip, experiment, fail, isProgramming, materialsNow } from "./studio.ts";

let worker: Caller<YearFunctions> | null = null;
let held: ReturnType<typeof materialsNow> = null;

/** The worker, which holds the network and data on view. */
function yearWorker(): Caller<YearFunctions> {
  worker ??= callerOf<YearFunctions>(new Worker(new URL("../workers/year.ts", import.meta.url), { type: "module" }));
  const now = materialsNow();
  if (now !== held && now !== null) {
    held = now;
    worker("hold", now).catch(fail);
  }
  return worker;
}

/** Ages of the curve, and chips and prompts at each. */
export const AGES: readonly Duration[] = parseDurations("1s,1h,1d,30d,1y", "ages");
export const [CHIPS, PROMPTS] = [2, 64];
/** Chips that age together. */
export const MANY = 100;

/** Everything except the age. */
const machineOf = ({ hardware, ...rest }: Experiment): string =>
  JSON.stringify({ ...rest, hardware: { ...hardware, readTime: 0 } });

interface Year {
  readonly machine: string;
  readonly rates: readonly AgedRate[];
  /** Why there are no more; null if there will be. */
  readonly failure: Failure | null;
}

const measured = signal<Year | null>(null);

/** The rates of the machine on view; null before they are asked for. */
export const year = computed(() => {
  const now = experiment.value;
  return now && measured.value?.machine === machineOf(now) ? measured.value : null;
});

export function measureYear(): void {
  const asked = experiment.peek()!;
  const machine = machineOf(asked);
  const change = (changed: (now: Year) => Partial<Year>) => {
    const now = measured.peek();
    if (now?.machine === machine) measured.value = { ...now, ...changed(now) };
  };
  measured.value = { machine, rates: [], failure: null };
  yearWorker()("year", { experiment: asked, ages: AGES, chips: CHIPS, prompts: PROMPTS }, (rate) =>
    change(({ rates }) => ({ rates: [...rates, rate] })),
  ).catch((error) => change(() => ({ failure: failureOf(error) })));
}

/** Whether the hundred chips are on view. */
export const isOpen = signal(false);

/** The layer on view, or the first projection. */
export const agedLayer = computed(() => {
  const at = place.value;
  const layers = chip.value?.mapping.layers ?? [];
  const on = "layer" in at ? layers.find(({ name }) => name === at.layer) : undefined;
  return on ?? layers.find(({ attended, trainIn }) => attended === trainIn) ?? layers[0] ?? null;
});

/** Why the hundred chips are missing; null if they are not. */
export const populationFailure = signal<Failure | null>(null);

/** The hundred chips at the age on view. */
export const population = following(
  () => {
    const [now, layer] = [experiment.value, agedLayer.value];
    if (!isOpen.value || now === null || layer === null) return null;
    return isProgramming.value ? undefined : { experiment: now, layer: layer.name, chips: MANY };
  },
  async (question) => {
    const found = await yearWorker()("population", question);
    populationFailure.value = null;
    return { ...found, of: question };
  },
  (error) => {
    populationFailure.value = failureOf(error);
  },
);
