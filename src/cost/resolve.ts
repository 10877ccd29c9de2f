/**
 * From a preset and the user's changes to plain numbers at one node, with the receipt of each.
 *
 * `--set key=value` takes a number with its unit (`0.5 pJ`; no unit for counts: `8`), or a price of a source by its id
 * (`shafiee-isca-2016.conversion5`). A price with a different unit is refused, because joules cannot be converted to seconds.
 * So is `0.5` for an energy, which some would read as picojoules and others as joules.
 */
import { CostError, didYouMean } from "../errors.ts";
import { findPrice } from "./catalogue.ts";
import { PARAMETER_IDS, PARAMETERS, type ParameterId, type Technology } from "./parameters.ts";
import type { CostPreset } from "./presets.ts";
import type { Price, Unit } from "./receipt.ts";
import { blockOf, type NodeBlock, nodeFactor, SCALING_LAWS } from "./sources/node.ts";

/** The user's choices besides the preset. */
export interface CostChoice {
  /** Node in nanometres; default the preset's. */
  readonly node?: number;
  /** Nodes of individual blocks, if different: `digital`, `sram`, `aimc`, `area`. */
  readonly nodes?: Readonly<Partial<Record<NodeBlock, number>>>;
  /** Parameter to a number in SI units, text as typed, or a price. */
  readonly set?: Readonly<Record<string, number | string | Price>>;
  /** Use sources beyond the nodes they cover. */
  readonly extrapolate?: boolean;
}

/** The prices of a choice and the resulting plain numbers. */
export interface ResolvedTechnology {
  readonly preset: CostPreset;
  readonly node: number;
  readonly technology: Technology;
  /** The price behind each number, before scaling. */
  readonly prices: Readonly<Record<ParameterId, Price>>;
  /** Anything that weakens the result: mixed nodes, extrapolation. */
  readonly notes: readonly string[];
}

/** Throws CostError for an unknown parameter or source, a wrong unit, or a node that a source does not cover. */
export function resolveTechnology(preset: CostPreset, choice: CostChoice = {}): ResolvedTechnology {
  const node = choice.node ?? preset.node;
  const extrapolate = choice.extrapolate === true || (node === preset.node && preset.extrapolates !== undefined);
  const prices = { ...preset.prices };
  for (const [key, value] of Object.entries(choice.set ?? {})) {
    const id = findParameter(key);
    prices[id] = typeof value === "object" ? checkUnit(id, value) : readValue(id, value, prices[id]);
  }
  const technology = {} as Record<ParameterId, number>;
  for (const id of PARAMETER_IDS) {
    const { scaling } = PARAMETERS[id];
    const price = prices[id];
    // A price is scaled from its own node; a price without a node holds at any.
    const scale = (to: number) =>
      price.node === null || price.value === 0
        ? 1
        : nodeFactor(scaling, to, extrapolate) / nodeFactor(scaling, price.node, true);
    const block = blockOf(scaling);
    technology[id] = price.value * scale((block && choice.nodes?.[block]) ?? node);
  }
  return { preset, node, technology, prices, notes: notesOf(preset, choice, node, prices, technology) };
}

function notesOf(
  preset: CostPreset,
  choice: CostChoice,
  node: number,
  prices: Readonly<Record<ParameterId, Price>>,
  technology: Technology,
): string[] {
  const notes: string[] = [];
  const blocks = Object.entries(choice.nodes ?? {}).filter(([, nm]) => nm !== node);
  if (blocks.length > 0) {
    const list = blocks.map(([block, nm]) => `${block} at ${nm} nm`).join(", ");
    notes.push(
      `Nodes are mixed: ${list}, the rest at ${node} nm. Ratios between machines of different nodes say more about the nodes.`,
    );
  }
  const scaled = PARAMETER_IDS.filter((id) => prices[id].node !== node && technology[id] !== prices[id].value);
  if (scaled.length > 0) {
    const from = [...new Set(scaled.map((id) => prices[id].node))].sort((a, b) => a! - b!).join(" and ");
    notes.push(
      `${scaled.length} prices published for ${from} nm are scaled to ${node} nm (logic after Stillmaker and Baas, SRAM after ` +
        "CACTI, crossbars after NeuroSim): sources of different nodes are mixed.",
    );
  }
  if (preset.extrapolates && node === preset.node) notes.push(preset.extrapolates);
  for (const { scales, covers } of Object.values(SCALING_LAWS)) {
    if (choice.extrapolate && (node < covers[0] || node > covers[1])) {
      notes.push(`${scales} are extrapolated to ${node} nm; their source covers ${covers[0]} to ${covers[1]} nm.`);
    }
  }
  return notes;
}

/** Throws CostError, with the likely meaning, for a name that is not in PARAMETERS. */
export function findParameter(key: string): ParameterId {
  if (Object.hasOwn(PARAMETERS, key)) return key as ParameterId;
  throw new CostError(
    `set.${key}`,
    `There is no parameter "${key}".${didYouMean(key, PARAMETER_IDS)} \`xpike cost --list\` shows all of them.`,
  );
}

function checkUnit(id: ParameterId, price: Price): Price {
  const { unit, label } = PARAMETERS[id];
  if (price.unit === unit) return price;
  throw new CostError(
    `set.${id}`,
    `${label} is in ${describeUnit(unit)}, but ${price.id} is in ${describeUnit(price.unit)}. Choose a ` +
      `price in ${describeUnit(unit)}.`,
  );
}

const PREFIXES: Readonly<Record<string, number>> = {
  f: 1e-15,
  p: 1e-12,
  n: 1e-9,
  u: 1e-6,
  µ: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};
/** As it is written after a number. */
const symbolOf = (unit: Unit): string => (unit === "1" ? "" : unit);

const describeUnit = (unit: Unit): string => (unit === "1" ? "plain numbers" : unit);

/** Units that may be omitted because nothing else can be meant. */
const COUNTED: ReadonlySet<Unit> = new Set<Unit>(["1", "bit"]);

/** An example value for each unit, as it may be typed. */
const EXAMPLES: Readonly<Record<Unit, string>> = {
  J: "0.5pJ",
  "J/bit": "0.5pJ/bit",
  "J/B": "0.5pJ/B",
  s: "1ns",
  Hz: "500MHz",
  m2: "100um2",
  "m2/B": "1um2/B",
  W: "1W",
  "op/J": "1Top/J",
  B: "64kB",
  bit: "8",
  "1": "2",
  "J/bit/m": "120pJ/bit/m",
  "W/m2": "2kW/m2",
  "W/B": "9nW/B",
  V: "0.3V",
  F: "50fF",
};

/** A number in SI units, or text such as `0.5 pJ`, `64 kB`, `8`, or the id of a price. */
function readValue(id: ParameterId, value: number | string, replaced: Price): Price {
  const { unit, label } = PARAMETERS[id];
  if (typeof value === "number") return chosen(id, value, unit, replaced);
  const text = value.trim();
  const match = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(\S*)$/i.exec(text);
  if (!match) return checkUnit(id, priceFor(id, text));
  const [, digits, suffix] = match;
  if (suffix === "" && !COUNTED.has(unit)) {
    throw new CostError(
      `set.${id}`,
      `${label} is in ${describeUnit(unit)}, but "${text}" has no unit. Write the unit after the number, with an optional ` +
        `prefix from f to T, for example ${EXAMPLES[unit]}.`,
    );
  }
  const factor = suffix === "" ? 1 : unitFactor(suffix, unit);
  if (factor === undefined) {
    throw new CostError(
      `set.${id}`,
      `${label} is in ${describeUnit(unit)}, but "${text}" is in ${suffix}. Give it in ${describeUnit(unit)}, for example ` +
        `${EXAMPLES[unit]}.`,
    );
  }
  return chosen(id, Number(digits) * factor, unit, replaced);
}

/** The price for a parameter given as an id. Throws CostError at the parameter where the mistake is. */
function priceFor(id: ParameterId, text: string): Price {
  try {
    return findPrice(text);
  } catch (error) {
    throw error instanceof CostError ? new CostError(`set.${id}`, error.message, { cause: error }) : error;
  }
}

/** SI factor of `pJ`, `um2`, `kB`, or undefined when it is not a multiple of the unit. */
function unitFactor(suffix: string, unit: Unit): number | undefined {
  const symbol = symbolOf(unit);
  if (symbol === "" || !suffix.endsWith(symbol)) return undefined;
  const prefix = PREFIXES[suffix.slice(0, suffix.length - symbol.length)];
  if (prefix === undefined) return undefined;
  // Kilobytes are 1024 bytes; square millimetres are squared.
  if (unit === "B" && prefix >= 1e3) return 2 ** (10 * Math.round(Math.log10(prefix) / 3));
  return unit.startsWith("m2") ? prefix ** 2 : prefix;
}

/** Sizes counted one by one where layers are placed. */
const COUNTS: ReadonlySet<ParameterId> = new Set<ParameterId>([
  "rows",
  "columns",
  "arrayRows",
  "arrayColumns",
  "columnsPerConverter",
  "referenceRows",
  "ssaTiles",
]);

/** Sizes and rates that formulas divide by. */
const DIVISORS: ReadonlySet<ParameterId> = new Set<ParameterId>([
  ...COUNTS,
  "randomSharing",
  "hybridCellBits",
  "hybridWeightBits",
  "ssaClock",
  "reticle",
  "lifetime",
  "annClock",
  "annUnits",
  "annUtilisation",
  "gpuEfficiency",
  "gpuPower",
]);

/** In SI units, far beyond anything that is built: estimates multiply values, and their products must stay finite. */
const [LEAST_VALUE, MOST_VALUE] = [1e-30, 1e30];

function chosen(id: ParameterId, value: number, unit: Unit, replaced: Price): Price {
  const { label } = PARAMETERS[id];
  if (!Number.isFinite(value) || value < 0) {
    throw new CostError(`set.${id}`, `${label} is ${value}; give a finite number of at least 0.`);
  }
  if (value === 0 && DIVISORS.has(id)) {
    throw new CostError(`set.${id}`, `${label} is 0, but the estimate divides by it. Give more than 0.`);
  }
  if (value !== 0 && (value < LEAST_VALUE || value > MOST_VALUE)) {
    throw new CostError(
      `set.${id}`,
      `${label} is ${`${value} ${symbolOf(unit)}`.trim()}; give 0, or a value from ${LEAST_VALUE} to ${MOST_VALUE}, so that estimates stay finite.`,
    );
  }
  if (COUNTS.has(id) && !Number.isInteger(value)) {
    throw new CostError(`set.${id}`, `${label} is ${value}, but it is a count. Give a whole number of at least 1.`);
  }
  return {
    id: `chosen.${id}`,
    source: "chosen",
    value,
    low: value,
    high: value,
    unit,
    // Given at the node of the price that it replaces, so a larger node still makes it larger.
    node: replaced.node,
    basis: "assumed",
    printed: `${replaced.id} has ${replaced.value} ${symbolOf(unit)}`.trim(),
    arithmetic: "set by hand for this estimate",
    note: null,
  };
}
