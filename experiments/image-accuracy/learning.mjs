// Keeps how networks learned: `node experiments/image-accuracy/learning.mjs FOLDER...` reads the folders of `xpike train`, and writes
// learning.json, what each of their validations found.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseExperiment } from "xpikeformer";

const read = (folder, file) => readFileSync(join(folder, file), "utf8");

const runs = process.argv.slice(2).map((folder) => {
  const { name, seed, model, training } = parseExperiment(read(folder, "experiment.json"));
  const [head, ...lines] = read(folder, "metrics.csv").trim().split("\n");
  const column = (name) => head.split(",").indexOf(name);
  const validations = lines
    .map((line) => line.split(","))
    .filter((cells) => cells[column("errorRate")] !== "")
    .map((cells) => ({
      images: Number(cells[column("step")]) * training.batch,
      errorRate: Number(cells[column("errorRate")]),
    }));
  return { name, kind: model.kind, seed, images: training.validationPrompts, validations };
});
writeFileSync(new URL("learning.json", import.meta.url), `${JSON.stringify(runs, null, 2)}\n`);
