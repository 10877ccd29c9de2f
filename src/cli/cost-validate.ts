/** `xpike cost validate`: the cost model against published chips. */
import picocolors from "picocolors";
import type { RatioRange, SiliconValidation, ValidatedDesign } from "../cost/validation/validate.ts";
import { validateModel } from "../cost/validation/validate.ts";
import { stream } from "../numeric/stream.ts";
import { formatNumber, formatText } from "../report/format.ts";
import { grid, wrap } from "../report/table.ts";
import type { CostValidateOptions } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

export function costValidateCommand({ draws, seed, all, json }: CostValidateOptions, terminal: Terminal): void {
  const validation = validateModel({ draws, random: stream(seed).fork("validate") });
  terminal.out(json ? `${JSON.stringify(asJson(validation, seed), null, 2)}\n` : describe(validation, all, terminal));
}

const HEAD = ["design", "nm", "measured", "model", "model / measured", "5 to 95 %", "node scaling", "inside"];

function describe(validation: SiliconValidation, all = false, { color, width }: Terminal): string {
  const { designs, withinTwo, medianFactor } = validation;
  const { bold, dim } = picocolors.createColors(color);
  const rows = designs.map(({ design, total, ratio, prices, scaling, inside }) => [
    design.name,
    String(design.node),
    formatText({ value: design.measured.value, unit: "J" }),
    formatText({ value: total, unit: "J" }),
    two(ratio),
    rangeText(prices),
    rangeText(scaling),
    inside,
  ]);
  const aligns = ["left", "right", "right", "right", "right", "right", "right", "left"] as const;
  const reasons = designs.flatMap((one) => [
    "",
    bold(`${one.design.name}, ${one.design.measured.of}`),
    ...(all ? detailsOf(one) : [one.design.why]).map((line) => wrap(line, width)),
  ]);
  return `${[
    bold("The cost model, and chips that were measured"),
    wrap(
      `${withinTwo} of ${designs.length} designs are within a factor of 2; the median factor is ${two(medianFactor)}. No price is fitted to any of them.`,
      width,
    ),
    "",
    grid([HEAD, ...rows], aligns, { dim, width }),
    ...reasons,
  ].join("\n")}\n`;
}

function detailsOf({ design, parts, atNodeSupply }: ValidatedDesign): string[] {
  const { geometry, supply, measured, why, reference, url, readIn } = design;
  const energy = (value: number) => formatText({ value, unit: "J" });
  const listed = Object.entries(parts).map(([part, value]) => `${part} ${energy(value)}`);
  const volts =
    supply === null ? "" : `; at the node's supply instead of ${formatNumber(supply)} V ${energy(atNodeSupply)}`;
  return [
    `${geometry}.`,
    `Measured: ${measured.printed}. ${measured.arithmetic}. Includes: ${measured.includes}.`,
    `Model: ${listed.join(", ")}${volts}.`,
    why,
    `${reference}. ${url} (read in: ${readIn.join(", ")})`,
  ];
}

const two = (value: number): string => value.toPrecision(2);

const rangeText = (range: RatioRange | null): string =>
  range === null ? "" : `${two(range.low)} to ${two(range.high)}`;

/** Numbers in SI units; actions become their parts. */
function asJson({ designs, ...summary }: SiliconValidation, seed: number) {
  return {
    ...summary,
    seed,
    designs: designs.map(({ design: { actions: _, ...design }, ...result }) => ({ ...design, ...result })),
  };
}
