// Prices our networks and ANNs from recorded accuracies and spike densities, scales the chips' energies to 45 nm, and prices published
// designs. Simulates nothing; takes seconds. Run it again after prices or records change. Writes result.json.
//
//   node experiments/silicon/measure.mjs
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { comparedWith, experimentWorkload, mean, scalingRange, stream, validateModel, withSteps } from "xpikeformer";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { estimateOn, experimentOn } from "../two-machines.mjs";
import { CHIPS } from "./chips.mjs";
import { ANNS, ENGINES, FLOAT, MACHINE, OURS } from "./networks.mjs";

const SEED = 1;
const DRAWS = 2000;

const recordsOf = (file) => {
  const path = new URL(`../${file}`, import.meta.url);
  if (!existsSync(path)) return {};
  const read = JSON.parse(readFileSync(path, "utf8"));
  return read.networks ?? read;
};
const densitiesOf = (record) => record.densities ?? record.machines[MACHINE].densities;
/** Error rate over chips at T. */
const rateOf = (record, steps) =>
  record.machines ? record.machines[MACHINE].rates[steps - 1] : mean(record.rates[steps].rates);

/** Our network's experiment and workload, with the densities of its record. */
function placed(file, name) {
  const experiment = experimentOn(MACHINE, name);
  const workload = { ...experimentWorkload(experiment), ...densitiesOf(recordsOf(file)[name]) };
  return { experiment, workload };
}

function ownRows({ data, file, name, steps }) {
  const record = recordsOf(file)[name];
  const { workload } = placed(file, name);
  return steps.map((count) => {
    const { total } = estimateOn(MACHINE, withSteps(workload, count)).architectures.xpikeformer;
    const { prompts, chips, commit } = record;
    return {
      data,
      name,
      steps: count,
      accuracy: 1 - rateOf(record, count),
      energy: total,
      prompts,
      chips,
      file,
      commit,
    };
  });
}

/** The price of an ANN; null if its engine has none. Pricing needs one of our networks, which does not change it. */
function annEnergy({ file, name }, model, id) {
  const { experiment, workload } = placed(file, name);
  return estimateOn(MACHINE, comparedWith(workload, experiment, { ann: model })).architectures[id]?.total ?? null;
}

function annRows({ data, file, like, names }) {
  const own = OURS.find(({ name }) => name === like);
  return Object.entries(recordsOf(file))
    .filter(([name, { model }]) => names.test(name) && model?.kind === "ann")
    .flatMap(([name, { model, rates, prompts, commit }]) =>
      ENGINES.flatMap(({ bits, id }) => {
        const energy = rates[bits] && annEnergy(own, model, id);
        return energy ? [{ data, name, bits, accuracy: 1 - rates[bits].rate, energy, prompts, file, commit }] : [];
      }),
    );
}

const floatRow = ({ data, file, name, bits }) => {
  const { ann, prompts, commit } = recordsOf(file)[name];
  const { id } = ENGINES.find((engine) => engine.bits === bits);
  const energy = annEnergy({ file, name }, ann.model, id);
  return { data, name: `ANN of ${name}`, bits, float: true, accuracy: 1 - ann.rate, energy, prompts, file, commit };
};

const chipRow = (chip) => {
  const { value, low, high } = scalingRange(chip.node);
  return { ...chip, at45: { value: chip.energy / value, low: chip.energy / high, high: chip.energy / low } };
};

requireCommitted([
  "experiments/silicon",
  "experiments/fronts",
  "experiments/iso-accuracy",
  ":!experiments/silicon/result.json",
]);
const { designs, ...summary } = validateModel({ draws: DRAWS, random: stream(SEED).fork("validate") });
const result = {
  command: "node experiments/silicon/measure.mjs",
  seed: SEED,
  commit: presentCommit(),
  chips: CHIPS.map(chipRow),
  ours: OURS.flatMap(ownRows),
  anns: [...ANNS.flatMap(annRows), ...FLOAT.map(floatRow)],
  validation: {
    ...summary,
    designs: designs.map(({ design: { id, name, node, measured }, total, ratio, prices, scaling, inside }) => ({
      ...{ id, name, node, of: measured.of, measured: measured.value, model: total, ratio, prices, scaling, inside },
    })),
  },
};
writeFileSync(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
