import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TASKS } from "./catalogue.ts";

const SOURCE = join(import.meta.dirname, "..");
const kinds = Object.keys(TASKS);

/** Files that may name a kind: specs, their defaults and presets, and the list of kits. */
const NAMED = [
  "experiment/experiment.ts",
  "experiment/presets.ts",
  "experiment/slot-detection.ts",
  "experiment/slot-presets.ts",
  "experiment/task.ts",
  "import/layouts/spiking-transformer.ts",
  "import/layouts/vision-transformer.ts",
  "node/task-data.ts",
  "runs/catalogue.ts",
  "task/catalogue.ts",
];

test("no code outside the kits tests the kind of a task", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(?<!\.test)\.ts$/.test(name),
  );
  const naming = files.filter((name) => {
    const text = readFileSync(join(SOURCE, name), "utf8");
    return kinds.some((kind) => text.includes(`"${kind}"`));
  });
  expect(naming.sort()).toEqual(NAMED);
});
