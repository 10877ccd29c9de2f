// Chips read by charge beside a trained ANN of the same size, four blocks of width 128: the difference on the same prompts, and the ratio
// of energies. Writes same-size.json.
//
//   node experiments/machine/same-size.mjs     # after bringing back networks/wireless-2x2-ann-deep.safetensors (networks/README.md)
import { writeFileSync } from "node:fs";
import { parseExperiment, runExperiment } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf, rounded } from "../figures.mjs";
import { checkpointOf } from "../networks.mjs";
import { experimentOn } from "../two-machines.mjs";
import { LEVERS, withLever } from "./levers.mjs";

const [NAME, ANN] = ["wireless-2x2-deep", "bundled:wireless-2x2-ann-deep"];
const STEPS = [2, 4];
/** Chose nothing. */
const SEED = 71_130;
const EVALUATION = { prompts: 4096, curvePrompts: 16, curveChips: 1, snrDecibels: [10] };
const CHIPS = 5;
const KEPT =
  /^(ber\.(ann|xpikeformer)|gap\.ann|equality\.ann\.shown|cost\.xpikeformer\.symbol|cost\.ratio\.ann(Digital|Trees))$/;

requireCommitted(["experiments/machine/same-size.mjs", "experiments/machine/levers.mjs"]);
const placed = withLever(experimentOn("recommended", NAME), LEVERS["charge, following, .11 mm2 together"]);
const [{ network }, { network: ann }] = await Promise.all([placed.checkpoints.network, ANN].map(checkpointOf));
const executor = nodeExecutor(1);
const atSteps = {};
for (const steps of STEPS) {
  const experiment = parseExperiment({
    ...placed,
    ...{ seed: SEED, model: { ...placed.model, steps }, hardware: { ...placed.hardware, chips: CHIPS } },
    evaluation: EVALUATION,
  });
  const options = { executor, command: "node experiments/machine/same-size.mjs", versions: {} };
  atSteps[steps] = figuresOf(await runExperiment(experiment, { network, ann }, options), KEPT);
}
await executor.close();
const record = { commit: presentCommit(), seed: SEED, chips: CHIPS, prompts: EVALUATION.prompts, atSteps };
writeFileSync(new URL("same-size.json", import.meta.url), `${JSON.stringify(record, rounded)}\n`);
