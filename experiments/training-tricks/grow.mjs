// Measures the effect of growing depth, for the third table of this folder: networks of examples/wireless-2x2-deep.json at T = 2, trained
// from scratch with Muon, with four blocks, two blocks, or two blocks and then four. Takes about a quarter of an hour on two cores.
// Writes grow.json. Run: node grow.mjs [threads]
import { fileURLToPath } from "node:url";
import { evaluateNetwork, parseExperiment, train } from "xpikeformer";
import { nodeExecutor, writeFileAtomic } from "xpikeformer/node";
import { checkpointOf, documentOf } from "../networks.mjs";

/** Seed of the first part of a training; each following part adds one. */
const SEED = 1;
/** Prompts on which all networks are compared, in exact arithmetic. */
const COMPARED = { seed: 99, prompts: 4096 };
/** Blocks and steps of each part of a training. A part continues the previous one. A step of two blocks takes half the time. */
const TRAININGS = [
  [{ depth: 4, steps: 1200 }],
  [{ depth: 2, steps: 2400 }],
  [
    { depth: 2, steps: 1200 },
    { depth: 4, steps: 600 },
  ],
];
const document = await documentOf("wireless-2x2-deep");
const { network: teacher } = await checkpointOf(document.training.teacher);

const executor = nodeExecutor(Number(process.argv[2] ?? 2));
const rows = [];
try {
  for (const parts of TRAININGS) {
    const start = process.cpuUsage();
    let last;
    for (const [i, part] of parts.entries()) last = await trainOn({ ...part, seed: SEED + i }, last?.network);
    const { user, system } = process.cpuUsage(start);
    const { experiment, network } = last;
    const compared = { ...experiment, seed: COMPARED.seed };
    const { loss, errors } = await evaluateNetwork(executor, compared, network, { prompts: COMPARED.prompts });
    rows.push({ parts, loss, bitErrorRate: errors.bits.rate, cpuSeconds: (user + system) / 1e6 });
    console.log(JSON.stringify(rows.at(-1)));
  }
} finally {
  await executor.close();
}
const result = {
  command: "node experiments/training-tricks/grow.mjs",
  compared: COMPARED,
  batch: document.training.batch,
  seed: SEED,
  rows,
};
const output = fileURLToPath(new URL("grow.json", import.meta.url));
await writeFileAtomic(output, `${JSON.stringify(result, null, 2)}\n`);

/** A network trained from `initial`, or from scratch. */
async function trainOn({ depth, steps, seed }, initial) {
  const copy = structuredClone(document);
  delete copy.checkpoints;
  delete copy.task.queryCopies;
  copy.seed = seed;
  copy.model.depth = depth;
  copy.model.steps = 2;
  Object.assign(copy.training, { optimiser: "muon", validateEvery: steps });
  copy.training.stages = [{ steps, learningRate: 0.003, warmup: 100, finalFraction: 0.05 }];
  const experiment = parseExperiment(copy);
  return { experiment, ...(await train(experiment, { executor, teacher, ...(initial && { initial }) })) };
}
