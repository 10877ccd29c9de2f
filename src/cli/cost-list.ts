/** The output of `xpike cost --list`: all names, with the default of each parameter and its source. */
import { SOURCES } from "../cost/catalogue.ts";
import { PARAMETER_IDS, PARAMETERS } from "../cost/parameters.ts";
import { COST_PRESETS, findCostPreset } from "../cost/presets.ts";
import type { Price } from "../cost/receipt.ts";
import { WORKLOADS } from "../cost/workloads.ts";
import { formatNumber, formatText } from "../report/format.ts";
import { DEFAULT_PRICES } from "./arguments.ts";

export function listCosts(): string {
  const { prices } = findCostPreset(DEFAULT_PRICES);
  return [
    section(
      "Workloads",
      WORKLOADS.map(({ name, description }) => [name, description]),
    ),
    section(
      "Presets",
      COST_PRESETS.map(({ name, description }) => [name, description]),
    ),
    section(
      `Parameters, with their values in the preset ${DEFAULT_PRICES}`,
      PARAMETER_IDS.map((id) => [id, `${PARAMETERS[id].label}: ${formatPrice(prices[id])}, ${prices[id].id}`]),
    ),
    section(
      "Sources",
      SOURCES.map(({ id, reference, url, prices }) => [
        id,
        `${reference}${url ? ` ${url}` : ""} (${Object.keys(prices).join(", ")})`,
      ]),
    ),
  ].join("\n");
}

/** The same as JSON. */
export function listedJson(): string {
  const { prices } = findCostPreset(DEFAULT_PRICES);
  const named = ({ name, description }: { readonly name: string; readonly description: string }) => ({
    name,
    description,
  });
  const listed = {
    workloads: WORKLOADS.map(named),
    presets: COST_PRESETS.map(named),
    parameters: PARAMETER_IDS.map((id) => {
      const { value, unit, id: source } = prices[id];
      return { id, label: PARAMETERS[id].label, value, unit, source };
    }),
    sources: SOURCES.map(({ id, reference, url, prices }) => ({ id, reference, url, prices: Object.keys(prices) })),
  };
  return `${JSON.stringify(listed, null, 2)}\n`;
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${title}\n${rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join("")}`;
}

/** `7.8 fJ`, `5 pJ/bit`, `64 kB`, `8 bit`. */
export function formatPrice({ value, unit }: Pick<Price, "value" | "unit">): string {
  if (unit === "B") {
    const prefix = [3, 2, 1].find((step) => value >= 2 ** (10 * step)) ?? 0;
    return `${formatNumber(value / 2 ** (10 * prefix))} ${["", "k", "M", "G"][prefix]}B`;
  }
  // The prefix belongs to the numerator; operations take prefixes like hertz.
  const [above, ...below] = unit.split("/");
  const number =
    above === "op" ? formatText({ value, unit: "Hz" }).replace("Hz", "op") : formatText({ value, unit: above });
  return [number, ...below].join("/");
}
