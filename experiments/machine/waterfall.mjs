// The page's figure: how the ratio to the int8 ANN grows lever by lever, each on top of those above it. And what the ratio with all of
// them owes to the prices of the read-out.
import { findPrice } from "xpikeformer/cost";
import { ERRING, FLOORPLAN, LEVERS } from "./levers.mjs";
import { measured, priceOf, vitRatio } from "./priced.mjs";

const LINK = "wireless-2x2-deep";
const TOGETHER = "charge, following, .11 mm2 together";
/** Prices of the read-out that have a range. */
const RANGED = {
  "comparator's decision": ["decision", "satapathy-cssp-2023.decision"],
  "a column's capacitors": ["footCapacitor", "assumptions.footCapacitor"],
  "switches of a column's foot": ["switchDrive", "assumptions.switchDrive"],
  "hold, switches and drivers of a column": ["periphery", "peng-iedm-2019.periphery"],
};

/** Levers of ViT-8-768 at T = 4, each with those before it. */
const { transport, clocking } = LEVERS[TOGETHER].change;
const readOut = LEVERS[ERRING].change.readOut;
const CUMULATIVE = [
  ["columns read by converters", {}],
  ["by charge where they feed neurons", { change: { readOut } }],
  ["bits that follow spikes", { change: { readOut, transport } }],
  ["gated clocks, the ANN's too", { change: { readOut, transport, clocking } }],
  ["crossbars of .11 mm2", { change: { readOut, transport, clocking }, set: { floorplan: FLOORPLAN } }],
];

/** Bars of a waterfall: each from the ratio before it to its own. */
export function waterfallChart() {
  const ratios = CUMULATIVE.map(([, lever]) => vitRatio(4, lever));
  return {
    kind: "bars",
    id: "machine-waterfall",
    title: "ViT-8-768 at T = 4: energy of the int8 ANN over this machine's",
    caption:
      "Each bar adds its lever to those above it and leads from the ratio before to the ratio with it. Prices only.",
    value: { label: "int8 ANN (systolic array) / this machine" },
    bars: CUMULATIVE.map(([label], i) => ({ label, value: ratios[i], from: i === 0 ? 0 : ratios[i - 1] })),
  };
}

/** The ratio of the link's network with all levers, at both ends of each price and with a comparator of twice the energy. */
export const sensitivityTable = () => {
  const record = measured[LINK];
  const at = (set) => priceOf(LINK, record, TOGETHER, set).ratio.toPrecision(3);
  const usual = at({});
  const rows = Object.entries(RANGED).map(([name, [field, id]]) => {
    const { low, high } = findPrice(id);
    return [name, ...[low, high].map((value) => at({ [field]: value })), usual];
  });
  const twice = 2 * findPrice(RANGED["comparator's decision"][1]).value;
  return {
    head: ["price", "lowest", "highest", "as used"],
    rows: [...rows, ["a comparator of twice the energy", "", at({ decision: twice }), usual]],
  };
};
