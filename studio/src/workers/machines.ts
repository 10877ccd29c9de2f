/**
 * What machines have reached, for paired differences: chip c and prompt k are the same on every machine of a seed and task, so the
 * difference between two machines is far more certain than either rate.
 */
import type { Experiment, TaskErrors } from "xpikeformer";
import { kitOf, rateChange } from "xpikeformer/internal";
import type { FigureDraft } from "xpikeformer/report";
import { machineKey } from "../machine-key.ts";

/** What decides the prompts: copies of a query answer the same question. */
const promptsKey = ({ seed, task }: Experiment): string => JSON.stringify([seed, kitOf(task).askedOnce(task)]);

/** A machine against another, on the chips and prompts that both have answered. */
export interface Change {
  readonly chips: number;
  readonly prompts: number;
  /** The rate, paired. */
  readonly rate: FigureDraft;
  /** Energies, times and areas over those of the other machine, by id. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** Errors by chip and prompt, and costs by id, after some chips and prompts. */
interface Level {
  readonly chips: number;
  readonly prompts: number;
  readonly wrong: readonly ArrayLike<number>[];
  readonly costs: Readonly<Record<string, number>>;
}

/** Most machines that are kept; the oldest is forgotten first. */
const MOST = 64;

const kept = new Map<string, { readonly prompts: string; readonly levels: Map<string, Level> }>();

/** Other networks or data give other answers. */
export const forget = (): void => kept.clear();

/** Keeps what the chips of an experiment have reached. */
export function keep(
  experiment: Experiment,
  chips: readonly { readonly prompts: number; readonly errors: TaskErrors }[],
  figures: readonly FigureDraft[],
): void {
  const key = machineKey(experiment);
  const { levels } = kept.get(key) ?? { levels: new Map<string, Level>() };
  kept.delete(key);
  kept.set(key, { prompts: promptsKey(experiment), levels });
  if (kept.size > MOST) kept.delete(kept.keys().next().value!);
  const { prompts } = chips[0];
  levels.set(`${chips.length} ${prompts}`, {
    chips: chips.length,
    prompts,
    wrong: chips.map(({ errors }) => Uint8Array.from(errors.wrong)),
    costs: Object.fromEntries(figures.filter(({ unit }) => unit !== "1").map(({ id, value }) => [id, value])),
  });
}

/** An experiment against another at the highest level that both have reached; null where none is, or where prompts differ. */
export function changeFrom(before: Experiment, after: Experiment): Change | null {
  const [own, other] = [kept.get(machineKey(after)), kept.get(machineKey(before))];
  if (!own || !other || own.prompts !== other.prompts) return null;
  const shared = [...own.levels].filter(([name]) => other.levels.has(name));
  const [name, level] = shared.sort(([, a], [, b]) => a.chips * a.prompts - b.chips * b.prompts).at(-1) ?? [];
  if (name === undefined || level === undefined) return null;
  const { wrong, costs } = other.levels.get(name)!;
  return {
    chips: level.chips,
    prompts: level.prompts,
    rate: rateChange(level.wrong, wrong, after),
    ratios: Object.fromEntries(
      Object.entries(level.costs).flatMap(([id, cost]) => (costs[id] > 0 ? [[id, cost / costs[id]]] : [])),
    ),
  };
}
