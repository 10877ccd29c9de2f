/**
 * `npm run bench`: runs all benchmarks, or the named ones. `--quick` runs short versions without peers, `--json` prints JSON.
 *
 *   npm run bench -- --quick
 *   npm run bench -- training-step inference --json
 */
import { parseArgs } from "node:util";
import { attention } from "./attention.ts";
import { chips } from "./chips.ts";
import { convolution } from "./convolution.ts";
import { cost } from "./cost.ts";
import { gatedProduct } from "./gated-product.ts";
import { gemm } from "./gemm.ts";
import { type Benchmark, describeMachine, printMachine, printSection, type Section, summarise } from "./harness.ts";
import { inference } from "./inference.ts";
import { intervalCoverage } from "./interval-coverage.ts";
import { profile } from "./profile.ts";
import { programming } from "./programming.ts";
import { prompts } from "./prompts.ts";
import { randomWords } from "./random-words.ts";
import { receivers } from "./receivers.ts";
import { UnlikeWork } from "./same-work.ts";
import { simulation } from "./simulation.ts";
import { spikeProduct } from "./spike-product.ts";
import { ssaTile } from "./ssa-tile.ts";
import { trainingStep } from "./training-step.ts";
import { webgpu } from "./webgpu.ts";

const benchmarks: Readonly<Record<string, Benchmark>> = {
  "training-step": trainingStep,
  inference,
  simulation,
  profile,
  programming,
  chips,
  "spike-product": spikeProduct,
  "gated-product": gatedProduct,
  gemm,
  convolution,
  "random-words": randomWords,
  attention,
  "ssa-tile": ssaTile,
  prompts,
  receivers,
  cost,
  webgpu,
  "interval-coverage": intervalCoverage,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
});
const unknown = positionals.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark "${unknown[0]}". There are: ${Object.keys(benchmarks).join(", ")}.\n`);
  process.exitCode = 2;
} else {
  await run(positionals.length > 0 ? positionals : Object.keys(benchmarks));
}

async function run(names: readonly string[]): Promise<void> {
  const machine = describeMachine();
  if (!values.json) process.stdout.write(`${printMachine(machine)}\n\n`);
  const sections = [];
  for (const name of names) {
    for (const section of await sectionsOf(name)) {
      if (!values.json) process.stdout.write(`${printSection(section)}\n`);
      const rows = section.rows.map((row) => ({
        ...row,
        wallMilliseconds: summarise(row.samples.wall),
        cpuMilliseconds: summarise(row.samples.cpu),
      }));
      sections.push({ ...section, rows });
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, sections }, null, 2)}\n`);
}

/** None of a benchmark whose sides did unlike work; the others still run. */
async function sectionsOf(name: string): Promise<Section[]> {
  try {
    return [await benchmarks[name]({ quick: values.quick })].flat();
  } catch (error) {
    if (!(error instanceof UnlikeWork)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = 1;
    return [];
  }
}
