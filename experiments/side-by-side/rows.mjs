// The networks measured side by side with an ANN, and how much training either had.
import { readFile } from "node:fs/promises";
import { documentOf } from "../networks.mjs";

/** Selected no network and no setting of a machine. */
export const SEED = 20261201;

/** `evaluation` replaces fields of the experiment's. */
export const ROWS = {
  link: {
    experiment: "wireless-2x2-deep",
    steps: 2,
    ann: "wireless-2x2-ann-long",
    evaluation: { prompts: 10_000, snrDecibels: [] },
  },
  mnist: { experiment: "mnist", steps: 2, ann: "mnist-ann-128-taught", evaluation: { prompts: 10_000 } },
  fashion: { experiment: "fashion-fine", steps: 2, ann: "fashion-large-ann-long", evaluation: { prompts: 10_000 } },
  cifar10: { experiment: "cifar10-twice", steps: 4, ann: "cifar10-wide-ann", evaluation: { prompts: 5000 } },
};

/** ANNs with our networks' stem that were trained further, and what they began as. Their curves are in ../image-accuracy/learning.json. */
export const FURTHER = { "cifar10-twice-ann": "cifar10-wide-ann", "fashion-large-ann-long": "fashion-large-ann" };

export const manifest = JSON.parse(await readFile(new URL("../../networks/manifest.json", import.meta.url), "utf8"));

/**
 * Prompts or images that a network saw, together with the networks that it started from: `{ trained, from }`. A teacher's own training
 * does not count.
 */
export async function trainedOn(name) {
  const from = [];
  let trained = 0;
  for (let entry = find(name); entry; entry = entry.from ? find(entry.from) : undefined) {
    const { training } = await documentOf(entry.name.replace(/-xpikeformer$/, ""));
    trained += entry.steps * training.batch;
    from.push(entry.name);
  }
  return { trained, from: from.slice(1) };
}

/** The entry that a manifest's \`from\` names, also inside a phrase such as "the weights of NAME". */
function find(text) {
  const words = text.split(/\s+/);
  return manifest.networks.find(({ name }) => words.includes(name));
}
