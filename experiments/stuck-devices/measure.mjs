// Measures two bundled networks of the 2x2 link, trained with and without faults, on chips with and without stuck devices.
// Takes about ten minutes on one core. Writes result.json. Run: node experiments/stuck-devices/measure.mjs [threads]
import { writeFile } from "node:fs/promises";
import { evaluateChips } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { checkpointOf, experimentOf } from "../networks.mjs";

const CHIPS = 20;
const PROMPTS = 512;
const SEED = 21;

const hardened = await experimentOf("wireless-2x2-faults");
const plain = await experimentOf("wireless-2x2");
const networkOf = async ({ checkpoints }) => (await checkpointOf(checkpoints.network)).network;

const executor = nodeExecutor(Number(process.argv[2] ?? 1));
try {
  const rows = [];
  for (const [training, { model }, network] of [
    ["hardware-aware", plain, await networkOf(plain)],
    ["hardware-aware, with faults", hardened, await networkOf(hardened)],
  ]) {
    for (const { hardware } of [plain, hardened]) {
      const experiment = { ...plain, hardware, seed: SEED };
      const chips = await evaluateChips(
        executor,
        experiment,
        { ...network, model },
        { chips: CHIPS, prompts: PROMPTS },
      );
      rows.push({
        training,
        stuck: hardware.crossbar.stuck,
        rates: chips.map(({ errors }) => errors.bits.rate),
        losses: chips.map(({ loss }) => loss),
      });
    }
  }
  const result = {
    command: "node experiments/stuck-devices/measure.mjs",
    seed: SEED,
    prompts: PROMPTS,
    chips: CHIPS,
    rows,
  };
  await writeFile(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await executor.close();
}
