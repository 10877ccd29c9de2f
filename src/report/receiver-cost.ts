/** Energies of classical receivers next to those of networks, for a task whose symbols they detect. */
import type { PricedReceiver } from "../cost/priced.ts";
import type { Workload } from "../cost/workload.ts";
import type { FigureDraft } from "./build-report.ts";

const NAMES = { ml: "maximum likelihood, exhaustive search", mmse: "linear MMSE" } as const;
const SHORT = { ml: "maximum likelihood", mmse: "linear MMSE" } as const;

export const receiverFigures = (
  receivers: readonly PricedReceiver[],
  { name, perInference }: Workload["result"],
): FigureDraft[] =>
  receivers.flatMap(({ kind, energy: value }) => {
    const label = `classical receiver, ${NAMES[kind]}, channel from pilots, told noise variance and constellation`;
    const id = `cost.receiver.${kind}`;
    return [
      { id: `${id}.energy`, label: `Energy per inference: ${label}`, value, unit: "J" },
      ...(perInference === 1
        ? []
        : [
            {
              id: `${id}.${name}`,
              label: `Energy per ${name}: ${label}`,
              value: value / perInference,
              unit: "J",
            } as const,
          ]),
    ] as const;
  });

/** A row of a short report for each receiver. */
export const receiverRows = (figures: readonly FigureDraft[]): { figure: string; label: string }[] =>
  (["ml", "mmse"] as const).flatMap((kind) => {
    const figure = `cost.receiver.${kind}.energy`;
    return figures.some(({ id }) => id === figure)
      ? [{ figure, label: `Energy per inference: ${SHORT[kind]} from pilots` }]
      : [];
  });
