// Prices our networks and ANNs from recorded errors and spike densities, scales the chips' energies to 45 nm, and prices published
// designs. Simulates nothing; takes seconds. Run it again after prices or records change. Writes result.json.
//
//   node experiments/silicon/measure.mjs
import { writeFileSync } from "node:fs";
import { experimentWorkload, stream } from "xpikeformer";
import { comparedWith, scalingRange, validateModel, withSteps } from "xpikeformer/cost";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { measured, rateOf } from "../errors/errors.mjs";
import { chipsKey } from "../errors/list.mjs";
import { estimateOn, experimentOn } from "../two-machines.mjs";
import { CHIPS } from "./chips.mjs";
import { ANNS, MACHINE, OURS, ROUNDED, TRAINED } from "./networks.mjs";

const SEED = 1;
const DRAWS = 2000;

const keyOf = (name) => chipsKey(name, MACHINE);

/** Our network's experiment and workload, with the densities of its record. */
function placed(name) {
  const experiment = experimentOn(MACHINE, name);
  return { experiment, workload: { ...experimentWorkload(experiment), ...measured[keyOf(name)].densities } };
}

function ownRows({ data, name, steps }) {
  const record = measured[keyOf(name)];
  if (!record) return [];
  const { workload } = placed(name);
  return steps.map((count) => {
    const { total } = estimateOn(MACHINE, withSteps(workload, count)).architectures.xpikeformer;
    return { data, name, record: keyOf(name), column: count, steps: count, ...answersOf(record, count), energy: total };
  });
}

const answersOf = (record, column) => ({
  accuracy: 1 - rateOf(record, column),
  prompts: record.prompts,
  commit: record.commit,
});

/**
 * Columns of an ANN's record with their bits and prices: those that it was trained for, or those to which it is rounded. An ANN that was
 * measured in floating point alone is priced at 8 bits, and marked.
 */
function columnsOf({ model: { quantization }, wrong }) {
  if (quantization) return [{ column: "exact", bits: bitsOf(quantization.weights), id: TRAINED }];
  const rounded = ROUNDED.filter(({ bits }) => wrong[bits]).map(({ bits, id }) => ({ column: bits, bits, id }));
  return rounded.length > 0 ? rounded : [{ column: "exact", ...ROUNDED[0], float: true }];
}

const bitsOf = (width) => ({ binary: 1, ternary: 2 })[width] ?? width;

function annRows({ data, like, names }) {
  if (!measured[keyOf(like)]) return [];
  // Pricing needs one of our networks, which changes nothing for an ANN.
  const { experiment, workload } = placed(like);
  const anns = Object.entries(measured).filter(([key, { model }]) => names.test(key) && model?.kind === "ann");
  return anns.flatMap(([name, record]) =>
    columnsOf(record).flatMap(({ column, bits, id, float }) => {
      const { architectures } = estimateOn(MACHINE, comparedWith(workload, experiment, { ann: record.model }));
      if (!architectures[id]) return [];
      const energy = architectures[id].total;
      return [
        { data, name, record: name, column, bits, ...(float && { float }), ...answersOf(record, column), energy },
      ];
    }),
  );
}

const chipRow = (chip) => {
  const { value, low, high } = scalingRange(chip.node);
  return { ...chip, at45: { value: chip.energy / value, low: chip.energy / high, high: chip.energy / low } };
};

requireCommitted(["chips.mjs", "networks.mjs", "measure.mjs"].map((file) => `experiments/silicon/${file}`));
const ours = OURS.flatMap(ownRows);
if (ours.length === 0) throw new Error("Measure the errors first: node experiments/errors/measure.mjs");
const { designs, ...summary } = validateModel({ draws: DRAWS, random: stream(SEED).fork("validate") });
const result = {
  command: "node experiments/silicon/measure.mjs",
  seed: SEED,
  commit: presentCommit(),
  chips: CHIPS.map(chipRow),
  ours,
  anns: ANNS.flatMap(annRows),
  validation: {
    ...summary,
    designs: designs.map(({ design: { id, name, node, measured: found }, total, ratio, prices, scaling, inside }) => ({
      ...{ id, name, node, of: found.of, measured: found.value, model: total, ratio, prices, scaling, inside },
    })),
  },
};
writeFileSync(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
