// Measures the cost of integer arithmetic after the converters: error rates of bundled networks on the same chips and prompts, format by
// format. Writes the measured part into result.json. A part takes about five minutes on one idle core.
//
//   node experiments/number-formats/measure.mjs --part wireless-2x2|fashion-tiny [--data DIRECTORY] [--threads 1] [--scale 1]
import { measurePart, summary } from "../shares.mjs";
import { machinesOf } from "./formats.mjs";

await measurePart("number-formats", async ({ experiment, wrongOn }) => {
  const rows = [];
  let reference = null;
  for (const { name, hardware } of machinesOf(experiment.hardware)) {
    const shares = await wrongOn(hardware);
    reference ??= shares;
    rows.push({ name, ...summary(shares, reference) });
    console.error(JSON.stringify(rows.at(-1)));
  }
  return { rows };
});
