// The networks of this page: the experiment of each, and where its file is.
import { readFileSync } from "node:fs";
import { networkFile } from "xpikeformer/node";
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
 * must be brought back first (`networks/README.md`).
 */
export function fileNamed(name) {
  if (planned(name)) return new URL(`../../runs/machine/${name}.safetensors`, import.meta.url);
  return networkFile(documentNamed(name).checkpoints.network);
}
