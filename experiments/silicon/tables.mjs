// The tables and the figure of this folder's page, from result.json.
import { readFileSync } from "node:fs";
import { bitsText } from "../fronts/trained.mjs";

const { chips, ours, anns, validation } = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));

const DATA = { "cifar-10": "CIFAR-10", mnist: "MNIST" };
const percent = (share) => (100 * share).toFixed(1);
/** Microjoules in three digits, without an exponent. */
const micro = (joules) => String(Number((1e6 * joules).toPrecision(3)));
const two = (value) => String(Number(value.toPrecision(2)));
const range = (ends) => (ends ? `${two(ends.low)} to ${two(ends.high)}` : "");
/** Full citations are in chips.mjs. */
const linkOf = ({ citation, readIn }) => `[${readIn}](${citation.match(/https:\S+$/)[0]})`;
/** Empty where nothing was found. */
const found = (includes) => includes.replace(/^not stated(; )?/, "");
const ordered = (rows) => rows.toSorted((a, b) => a.data.localeCompare(b.data) || a.accuracy - b.accuracy);

const chipTable = () => ({
  head: ["chip", "data", "nm", "accuracy, %", "uJ per image", "uJ at 45 nm", "includes", "read in"],
  rows: ordered(chips).map((one) => [
    ...[one.chip, DATA[one.data], String(one.node), percent(one.accuracy), micro(one.energy)],
    `${micro(one.at45.value)} (${micro(one.at45.low)} to ${micro(one.at45.high)})`,
    [found(one.includes), ...(one.silicon === false ? ["perhaps not measured"] : [])].filter(Boolean).join("; "),
    linkOf(one),
  ]),
});

const simulatedTable = () => ({
  head: ["simulated at 45 nm", "data", "accuracy, %", "uJ per image"],
  rows: ordered([...ours, ...anns]).map(({ name, data, steps, bits, float, accuracy, energy }) => [
    `${name.includes(" ") ? name : `\`${name}\``}, ${steps ? `T = ${steps}` : bitsText(bits)}`,
    DATA[data],
    `${percent(accuracy)}${float ? "*" : ""}`,
    micro(energy),
  ]),
});

const validationTable = () => ({
  head: ["design", "nm", "model / measured", "5 to 95 % of prices", "node scaling", "measurement inside"],
  rows: validation.designs.map(({ name, node, ratio, prices, scaling, inside }) => [
    ...[name, String(node), two(ratio), range(prices), range(scaling), inside],
  ]),
});

export const siliconTables = {
  "silicon-validation": validationTable,
  "silicon-chips": chipTable,
  "silicon-simulated": simulatedTable,
};

/** Chips with a short label; of two that would cover each other, the upper one has both labels. */
function named(rows) {
  const short = ({ chip }) => chip.split(",")[0] + (/, \d bits?$/.exec(chip)?.[0] ?? "");
  const covers = (above, below) =>
    above.accuracy === below.accuracy &&
    above.at45.value > below.at45.value &&
    above.at45.value < 1.5 * below.at45.value;
  return rows.map((one) => {
    const below = rows.filter((other) => covers(one, other));
    const label = rows.some((other) => covers(other, one)) ? undefined : [one, ...below].map(short).join(", ");
    return { ...one, label };
  });
}

/** Energy at 45 nm over error rate: chips with the range of node scaling, our networks, and ANNs by bits. */
export function siliconChart() {
  const chip = (data) => ({
    ...{ name: `${DATA[data]}: measured chips`, marks: "filled" },
    points: named(chips.filter((one) => one.data === data && one.silicon !== false)).map(
      ({ accuracy, at45, label }) => ({
        ...{ x: 1 - accuracy, y: 1e6 * at45.value, low: 1e6 * at45.low, high: 1e6 * at45.high },
        ...(label && { label }),
      }),
    ),
  });
  const simulated = (rows, name, label) => ({
    ...{ name, marks: "open" },
    points: rows.map((row) => ({ x: 1 - row.accuracy, y: 1e6 * row.energy, ...(label && { label: label(row) }) })),
  });
  const of = (rows, data) => rows.filter((row) => row.data === data);
  const bits = [...new Set(anns.map(({ bits }) => bits))].toSorted((a, b) => b - a);
  return {
    ...{ kind: "lines", id: "silicon", title: "Energy per image at 45 nm over error rate: chips and simulations" },
    caption:
      "Filled: measured, scaled to 45 nm; bars span published scalings. Open: simulated at 45 nm. Lower and further left is better.",
    x: { label: "error rate", scale: "log" },
    y: { label: "uJ per image at 45 nm", scale: "log" },
    series: [
      ...Object.keys(DATA).map(chip),
      ...Object.keys(DATA).map((data) =>
        simulated(of(ours, data), `${DATA[data]}: ours, simulated`, ({ steps }) => `T = ${steps}`),
      ),
      ...bits.map((count) =>
        simulated(
          anns.filter(({ bits }) => bits === count),
          `ANN, ${bitsText(count)}, priced`,
        ),
      ),
    ],
    rules: [],
  };
}
