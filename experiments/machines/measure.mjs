// Measures how design choices of a machine affect accuracy: error rates of bundled networks on the same chips and prompts, machine by
// machine, and the spike densities that `tables.mjs` uses for prices. Writes the measured part into result.json.
//
//   node experiments/machines/measure.mjs --part wireless-2x2|fashion-tiny [--data DIRECTORY] [--threads 1] [--scale 1]
import { evaluateChips } from "xpikeformer";
import { densitiesOf } from "../networks.mjs";
import { measurePart, summary } from "../shares.mjs";
import { combinations, machineOf, OTHERS, SIMULATED_AXES, withFields } from "./machines.mjs";

await measurePart("machines", async ({ experiment, network, opened, executor, wrongOn }) => {
  const [chip] = await evaluateChips(executor, opened, network, { chips: 1, prompts: 16 });
  const recommended = machineOf("recommended", experiment);
  const reference = await wrongOn(recommended);
  const rows = [];
  const add = async (fields, hardware) => {
    rows.push({ fields, ...summary(await wrongOn(hardware), reference) });
    console.error(JSON.stringify(rows.at(-1)));
  };
  for (const fields of [...combinations(SIMULATED_AXES), ...OTHERS]) await add(fields, withFields(recommended, fields));
  await add({ preset: "paper" }, machineOf("paper", experiment));
  return { densities: densitiesOf(experiment, chip), rows };
});
