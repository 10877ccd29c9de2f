/** Energies of classical receivers next to those of networks, for a task whose symbols they detect. */
import { receiverEnergy } from "../cost/architectures/receiver.ts";
import type { Technology } from "../cost/parameters.ts";
import { totalOf } from "../cost/unit-energies.ts";
import type { Workload } from "../cost/workload.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { kitOf } from "../task/catalogue.ts";
import type { FigureDraft } from "./build-report.ts";

const NAMES = { ml: "maximum likelihood, exhaustive search", mmse: "linear MMSE" } as const;
const SHORT = { ml: "maximum likelihood", mmse: "linear MMSE" } as const;

/** Both receivers with the channel from the prompt's pilots; none for another task. */
export function receiverFigures(task: TaskSpec, { result }: Workload, technology: Technology): FigureDraft[] {
  const link = kitOf(task).link(task);
  if (!link) return [];
  return (["ml", "mmse"] as const).flatMap((kind) => {
    const value = totalOf(receiverEnergy(link, { kind, channel: "pilots" }, technology));
    const label = `classical receiver, ${NAMES[kind]}, channel from pilots, told noise variance and constellation`;
    const id = `cost.receiver.${kind}`;
    return [
      { id: `${id}.energy`, label: `Energy per inference: ${label}`, value, unit: "J" },
      ...(result.perInference === 1
        ? []
        : [
            {
              id: `${id}.${result.name}`,
              label: `Energy per ${result.name}: ${label}`,
              value: value / result.perInference,
              unit: "J",
            },
          ]),
    ] as const;
  });
}

/** A row of a short report for each receiver. */
export const receiverRows = (figures: readonly FigureDraft[]): { figure: string; label: string }[] =>
  (["ml", "mmse"] as const).flatMap((kind) => {
    const figure = `cost.receiver.${kind}.energy`;
    return figures.some(({ id }) => id === figure)
      ? [{ figure, label: `Energy per inference: ${SHORT[kind]} from pilots` }]
      : [];
  });
