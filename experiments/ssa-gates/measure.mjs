// Counts the gates and flip-flops of single-head engines, with the bundled Yosys so that counts are the same on every machine.
// `node experiments/ssa-gates/measure.mjs` writes result.json after every engine; an interrupted run resumes.
// The largest engine takes a few minutes.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseExperiment } from "xpikeformer";
import { ssaParameters } from "xpikeformer/internal";
import { synthesiseSources } from "xpikeformer/node";
import { sourceFiles, ssaDesign } from "xpikeformer/rtl";

const file = new URL("./result.json", import.meta.url);
const shapes = [4, 8, 16, 32].flatMap((tokens) => [8, 16, 32, 64].map((dimension) => ({ tokens, dimension })));
const { ssa } = parseExperiment({ hardware: { ssa: { random: "lfsr" } } }).hardware;
const result = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { engines: [] };

for (const { tokens, dimension } of shapes) {
  if (result.engines.some((engine) => engine.tokens === tokens && engine.dimension === dimension)) continue;
  const mask = new Uint8Array(tokens ** 2).fill(1);
  const request = { tokens, dimension, mask, scoreGain: 1, valueGain: 1, draws: "stratified" };
  const sources = sourceFiles(ssaDesign(ssaParameters(ssa, request), 1).modules);
  const { yosys, blocks } = await synthesiseSources(sources, { yosys: "bundled" });
  if (result.yosys !== undefined && result.yosys !== yosys) {
    throw new Error(`result.json is by ${result.yosys}, but this is ${yosys}. Delete it to measure anew.`);
  }
  result.yosys = yosys;
  result.engines.push({ tokens, dimension, blocks });
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`N = ${tokens}, d = ${dimension}: done.`);
}
