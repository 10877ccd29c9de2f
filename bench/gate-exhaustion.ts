/**
 * `npm run gate-exhaustion`: every query, key and value of one step on the gates of a small engine, against the cycle model.
 *
 *   npm run gate-exhaustion                              two tokens of four features, V = 0 to 255: all 2^24 inputs
 *   npm run gate-exhaustion -- --from 0 --to 15 --draws stratified --causal --seed 2 --yosys bundled
 *
 * Every input has its own seeds, so random numbers vary over the inputs; they are not exhausted. The range is for V, with the
 * features of token 0 in the low bits; Q and K always take all values.
 */
import { parseArgs } from "node:util";
import { synthesiseNetlist } from "../src/node/rtl-synthesis.ts";
import { findYosys, type YosysKind } from "../src/node/yosys.ts";
import { stream } from "../src/numeric/stream.ts";
import { sourceFiles } from "../src/rtl/design.ts";
import { readNetlist } from "../src/rtl/gates/netlist.ts";
import { runEngineGates } from "../src/rtl/gates/run-engine.ts";
import { ENGINE } from "../src/rtl/ssa-engine.ts";
import { cycleRun, smallDesign, trainOfBits } from "../test/support/engine-runs.ts";

const TOKENS = 2;
const CHUNK = 2 ** 13;

const { values } = parseArgs({
  options: {
    dimension: { type: "string", default: "4" },
    from: { type: "string", default: "0" },
    to: { type: "string" },
    draws: { type: "string", default: "independent" },
    causal: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    yosys: { type: "string" },
  },
});
// Two tokens with d features are 2 d bits in each of Q, K and V.
const dimension = wholeNumber("dimension", values.dimension, 2, 4);
const combinations = 2 ** (TOKENS * dimension);
const from = wholeNumber("from", values.from, 0, combinations - 1);
const to = wholeNumber("to", values.to ?? String(combinations - 1), from, combinations - 1);
const draws = oneOf("draws", values.draws, ["independent", "stratified"] as const);
const kind: YosysKind | undefined =
  values.yosys === undefined ? undefined : oneOf("yosys", values.yosys, ["system", "bundled"] as const);

const design = smallDesign({ tokens: TOKENS, dimension, isCausal: values.causal, draws });
const netlist = readNetlist(await synthesiseNetlist(sourceFiles(design.modules), ENGINE, kind), ENGINE);
const { gates, flipFlops, depth } = netlist;
console.log(
  `${(await findYosys(kind)).version}: ${gates.length} gates, ${flipFlops.length} flip-flops, ${depth} gates deep.`,
);
const random = stream(wholeNumber("seed", values.seed, 0, Number.MAX_SAFE_INTEGER));
let [checked, wrong] = [0, 0];
for (let v = from; v <= to; v++) {
  const value = trainOfBits(v, TOKENS, dimension);
  const ofValue = random.fork("value", v);
  for (let first = 0; first < combinations ** 2; first += CHUNK) {
    const runs = Array.from({ length: Math.min(CHUNK, combinations ** 2) }, (_, n) => {
      const query = trainOfBits((first + n) % combinations, TOKENS, dimension);
      const key = trainOfBits(Math.floor((first + n) / combinations), TOKENS, dimension);
      return cycleRun(design, [[query, key, value]], ofValue.fork("input", first + n));
    });
    runEngineGates(netlist, design, runs, ofValue.fork("power-up", first)).forEach(({ outputs, wrongClocks }, n) => {
      const expected = runs[n].heads[0].output.words;
      checked++;
      if (wrongClocks === 0 && outputs[0].words.every((word, w) => word === expected[w])) return;
      if (wrong++ < 10) console.log(`V = ${v}, input ${first + n} differs`);
    });
  }
  if ((v - from) % 16 === 15 || v === to) console.log(`V = ${from} to ${v}: ${checked} inputs, ${wrong} differ`);
}
process.exitCode = wrong === 0 ? 0 : 1;

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`--${name} is ${text}; give a whole number from ${least} to ${most}.`);
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === text);
  if (found !== undefined) return found;
  throw new Error(`--${name} is ${text}; give one of ${allowed.join(", ")}.`);
}
