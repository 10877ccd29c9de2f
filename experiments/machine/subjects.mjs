// The networks of this page: the experiment of each, and where its file is.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { networkFile } from "xpikeformer/node";
import { readKept } from "../kept.mjs";
import { experimentFile, withCopies } from "../networks.mjs";
import { RUNS } from "./plan.mjs";

/** Networks that answer more copies of the query here than in their experiment. */
const COPIES = { "wireless-2x2-deep-64": 8 };

const planned = (name) => RUNS.find(({ document }) => document.name === name)?.document;

/** The experiment of a planned or a bundled network, as a document. */
export function documentNamed(name) {
  const document = planned(name);
  if (document) return document;
  const bundled = { ...JSON.parse(readFileSync(experimentFile(name), "utf8")), name };
  return COPIES[name] ? withCopies(bundled, COPIES[name]) : bundled;
}

/**
 * The file of its network: in `runs/machine/`, where `train.mjs` keeps those of the plan, or in `networks/`, where those of the history
 * must be brought back first (`networks/README.md`). Says why it is missing, and gives undefined.
 */
export async function bytesNamed(name) {
  try {
    if (planned(name))
      return await readKept(`machine/${name}.safetensors`, `node experiments/machine/train.mjs 2 ${name}`);
    return await readFile(networkFile(documentNamed(name).checkpoints.network));
  } catch (error) {
    console.error(`${name} is left out. ${error.message}`);
  }
}
