// Records learning curves: `node experiments/image-accuracy/learning.mjs FOLDER...` reads output folders of `xpike train` and adds the
// validation results to learning.json. Curves of other networks and optimisers stay there.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseExperiment } from "xpikeformer";

const read = (folder, file) => readFileSync(join(folder, file), "utf8");

const output = new URL("learning.json", import.meta.url);
const found = process.argv.slice(2).map((folder) => {
  const { name, seed, model, training } = parseExperiment(read(folder, "experiment.json"));
  const validations = read(folder, "metrics.jsonl")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ validation }) => validation)
    .map(({ step, validation: { errorRate } }) => ({ images: step * training.batch, errorRate }));
  return {
    name,
    optimiser: training.optimiser,
    kind: model.kind,
    seed,
    images: training.validationPrompts,
    validations,
  };
});
const keyOf = ({ name, optimiser }) => `${name} ${optimiser}`;
const kept = JSON.parse(readFileSync(output, "utf8"));
const others = kept.filter((run) => !found.some((other) => keyOf(other) === keyOf(run)));
const runs = [...others, ...found].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
writeFileSync(output, `${JSON.stringify(runs, null, 2)}\n`);
