/**
 * `npm run bench`: runs all benchmarks, or the named ones. `--quick` runs short versions without peers, `--json` prints JSON, `--record`
 * measures docs/performance.md again; where it was stopped, the same command goes on.
 *
 *   npm run bench -- --quick
 *   npm run bench -- training-step inference --json
 *   npm run bench -- --record
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
import { requireFastPeer } from "./peer-files.ts";
import { profile } from "./profile.ts";
import { programming } from "./programming.ts";
import { prompts } from "./prompts.ts";
import { randomWords } from "./random-words.ts";
import { receivers } from "./receivers.ts";
import { busyCores, createRecord, fillPerformance, RECORDED, requireQuiet } from "./record.ts";
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
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    busy: { type: "boolean", default: false },
  },
});
/** Benchmarks that a record has measured; one that was stopped goes on with them from the same commit. */
interface Begun {
  readonly commit: string;
  readonly busy: number;
  readonly sections: readonly Section[];
}
const BEGUN = new URL("../record.json", import.meta.url);

const unknown = positionals.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark "${unknown[0]}". There are: ${Object.keys(benchmarks).join(", ")}.\n`);
  process.exitCode = 2;
} else {
  const chosen = positionals.length > 0 ? positionals : Object.keys(benchmarks);
  if (values.record) await record();
  else await run(chosen);
}

function begunRecord(commit: string): Begun {
  const begun: Begun | null = existsSync(BEGUN) ? JSON.parse(readFileSync(BEGUN, "utf8")) : null;
  return begun?.commit === commit ? begun : { commit, busy: 0, sections: [] };
}

/** What a record needs is checked first, so that minutes of measuring are not lost. */
async function record(): Promise<void> {
  try {
    const machine = describeMachine();
    if (machine.commit === null || machine.commit.endsWith("+"))
      throw new Error("Commit your changes first: a record belongs to a commit.");
    let begun = begunRecord(execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim());
    const peer = requireFastPeer();
    for (const name of RECORDED.filter((name) => begun.sections.every((section) => section.name !== name))) {
      const busy = Math.max(begun.busy, requireQuiet(await busyCores(), values.busy));
      begun = { ...begun, busy, sections: [...begun.sections, ...(await run([name]))] };
      writeFileSync(BEGUN, JSON.stringify(begun));
    }
    const record = createRecord({ machine, peer, busy: begun.busy }, begun.commit, begun.sections);
    const [file, page] = ["bench/performance.json", "docs/performance.md"].map(
      (path) => new URL(`../../${path}`, import.meta.url),
    );
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
    writeFileSync(page, fillPerformance(readFileSync(page, "utf8"), record));
    rmSync(BEGUN);
    process.stdout.write(
      `Written: bench/performance.json and docs/performance.md, with ${begun.busy} cores busy. Commit both.\n`,
    );
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

async function run(names: readonly string[]): Promise<Section[]> {
  const machine = describeMachine();
  if (!values.json) process.stdout.write(`${printMachine(machine)}\n\n`);
  const sections: Section[] = [];
  const printed = [];
  for (const name of names) {
    for (const section of await sectionsOf(name)) {
      if (!values.json) process.stdout.write(`${printSection(section)}\n`);
      const rows = section.rows.map((row) => ({
        ...row,
        wallMilliseconds: summarise(row.samples.wall),
        cpuMilliseconds: summarise(row.samples.cpu),
      }));
      sections.push(section);
      printed.push({ ...section, rows });
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, sections: printed }, null, 2)}\n`);
  return sections;
}

/** None of a benchmark whose sides did unlike work; the others still run. */
async function sectionsOf(name: string): Promise<Section[]> {
  try {
    return [await benchmarks[name]({ quick: values.quick && !values.record, record: values.record })].flat();
  } catch (error) {
    if (!(error instanceof UnlikeWork)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = 1;
    return [];
  }
}
