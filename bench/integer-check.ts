/**
 * `npm run integer-check`: long runs that compare the simulators of an integer machine with each other, bit for bit.
 *
 *   npm run integer-check -- examples/wireless-2x2.json --prompts 1000
 *   npm run integer-check -- examples/fashion-tiny.json --prompts 500 --data FOLDER     # if Fashion-MNIST is not in the usual place
 *   npm run integer-check -- examples/wireless-2x2.json --modes pair --converters erring
 *
 * For every converter mode, a chip is created and calibrated as in `xpike run`, and answers evaluation prompts, slice by slice:
 * in the functional simulator, which is the reference, in the cycle simulator, and in the fast one. Compared are all codes, all
 * spikes except those of scores, all logits of every step, and the counts of each operation. Then the same prompts are evaluated
 * on several threads; loss and counts must equal the reference's.
 *
 * With `--log FILE`, one line per slice is kept there, and slices in the file are not run again, so an interrupted run can be
 * continued. The exit code is 1 when something differs.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { loadTaskData, networkFile } from "xpikeformer/node";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { cutPrompts } from "../src/evaluation/slices.ts";
import { RECOMMENDED_FORMATS } from "../src/experiment/arithmetic.ts";
import type { HardwareSpec } from "../src/experiment/hardware.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { type ActionCounts, sumActions } from "../src/hardware/actions.ts";
import { mapNetwork } from "../src/mapping/mapping.ts";
import { decodeCheckpoint } from "../src/model/checkpoint.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { nodeExecutor } from "../src/node/threads.ts";
import { stream } from "../src/numeric/stream.ts";
import { firstChip } from "../src/runs/first-chip.ts";
import { asDescribed } from "../src/runs/fit.ts";
import { simulateCycles } from "../src/simulation/cycle.ts";
import type { CodeRecord } from "../src/simulation/reference/linear.ts";
import { simulate } from "../src/simulation/reference/simulate.ts";
import type { Trace } from "../src/simulation/trace.ts";
import { type SpikeTrain, unpackSpikes } from "../src/spike/train.ts";
import { answer } from "../src/task/answers.ts";
import { openExperiment } from "../src/task/open.ts";
import { CONVERTER_ERRORS } from "./chip-model.ts";
import { describeMachine, printMachine } from "./harness.ts";
import { type CrossbarCodes, recordingSimulator } from "./integer-codes.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prompts: { type: "string", default: "20" },
    slice: { type: "string", default: "10" },
    modes: { type: "string", default: "pair,differential" },
    converters: { type: "string", default: "exact" },
    threads: { type: "string", default: "1,2,3" },
    data: { type: "string" },
    log: { type: "string" },
  },
});

/** Numbers of values compared. */
interface Compared {
  readonly codes: number;
  readonly spikes: number;
  readonly logits: number;
  readonly counts: number;
}

/** The record of a slice. */
interface Line extends Compared {
  readonly key: string;
  /** One sentence per difference. */
  readonly differences: readonly string[];
  /** For the reference: of each decision, and over all operations. */
  readonly losses: readonly number[];
  readonly actions: ActionCounts;
}

const prompts = wholeNumber("prompts", values.prompts);
const slices = cutPrompts(prompts, wholeNumber("slice", values.slice), null);
const [source] = positionals;
if (source === undefined) throw new Error("Name an experiment, such as examples/wireless-2x2.json.");
const modes = list(values.modes).map((text) => oneOf("modes", text, ["pair", "differential"] as const));
const converters = list(values.converters).map((text) => oneOf("converters", text, ["exact", "erring"] as const));
const threads = list(values.threads).map((text) => wholeNumber("threads", text));

process.stdout.write(`${printMachine(describeMachine())}\n\n`);
const parsed = parseExperiment(readFileSync(source, "utf8"), source);
const checkpoint = parsed.checkpoints.network;
if (checkpoint === undefined) throw new Error(`${source} names no trained network in checkpoints.network.`);
const path = networkFile(checkpoint, dirname(source));
const network = asDescribed(parsed, decodeCheckpoint(readFileSync(path), path).network, []);
const { data } = await loadTaskData(parsed, {
  directory: dirname(source),
  ...(values.data === undefined ? {} : { folder: values.data }),
});
const done = previous(values.log);
let different = 0;
for (const mode of modes) for (const kind of converters) different += await checkMachine(mode, kind);
process.stdout.write(different === 0 ? "\n0 bits differ\n" : `\n${different} slices or evaluations differ\n`);
if (different > 0) process.exitCode = 1;

/** Compares all slices, then evaluations on several threads. Returns the number of differing slices. */
async function checkMachine(mode: HardwareSpec["adc"]["mode"], kind: "exact" | "erring"): Promise<number> {
  const { adc, arithmetic } = parsed.hardware;
  const errors = kind === "erring" ? { ...adc.errors, ...CONVERTER_ERRORS } : adc.errors;
  const hardware = { ...parsed.hardware, arithmetic: arithmetic ?? RECOMMENDED_FORMATS, adc: { ...adc, mode, errors } };
  const experiment = { ...parsed, hardware };
  const name = `${parsed.name}, ${mode}, ${kind} converters`;
  const check = checkerOf(experiment);
  const lines: Line[] = [];
  const started = performance.now();
  let fresh = 0;
  for (const slice of slices) {
    const key = `${name}, seed ${parsed.seed}, prompts ${slice.firstPrompt} to ${slice.firstPrompt + slice.prompts - 1}`;
    let line = done.get(key);
    if (line === undefined) {
      line = { key, ...check(slice.firstPrompt, slice.prompts) };
      fresh++;
      if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(line)}\n`);
    }
    lines.push(line);
    for (const difference of line.differences) process.stdout.write(`${key}: ${difference}\n`);
    const left = ((performance.now() - started) / 60_000 / Math.max(1, fresh)) * (slices.length - lines.length);
    process.stderr.write(`${name}: ${lines.length} of ${slices.length} slices, ${left.toFixed(1)} minutes left\n`);
  }
  const sum = (field: keyof Compared) => lines.reduce((total, line) => total + line[field], 0).toLocaleString("en");
  const differ = lines.filter(({ differences }) => differences.length > 0).length;
  process.stdout.write(
    `${name}: ${prompts} prompts, ${sum("codes")} codes, ${sum("spikes")} spikes, ${sum("logits")} logits, ${sum("counts")} counts compared in ` +
      `three simulators; ${differ} of ${lines.length} slices differ\n`,
  );
  return differ + (await checkThreads(experiment, name, lines));
}

/** Loss and counted actions of evaluations on several threads, compared with the reference. */
async function checkThreads(experiment: typeof parsed, name: string, lines: readonly Line[]): Promise<number> {
  const losses = lines.flatMap((line) => line.losses);
  const expected = JSON.stringify([
    losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    sumActions(lines.map(({ actions }) => actions)),
  ]);
  let differ = 0;
  for (const count of threads) {
    const executor = nodeExecutor(count);
    try {
      const opened = openExperiment(experiment, data);
      const [{ loss, actions }] = await evaluateChips(executor, opened, network, { chips: 1, prompts });
      const equal = JSON.stringify([loss, actions]) === expected;
      if (!equal) differ++;
      process.stdout.write(
        `${name}: ${count} threads, loss ${loss}, ${equal ? "the reference's" : "not the reference's"}\n`,
      );
    } finally {
      await executor.close();
    }
  }
  return differ;
}

/** Runs slices of evaluation prompts in all simulators. */
function checkerOf(experiment: typeof parsed): (firstPrompt: number, prompts: number) => Omit<Line, "key"> {
  const mapping = mapNetwork(foldNetwork(network), experiment.hardware, experiment.task.coding);
  const { chip, task, random } = firstChip({ experiment, data }, network, mapping);
  const run = random.fork("run");
  const { steps } = network.model;
  const fast = recordingSimulator(chip, run, { maxPrompts: slices[0].prompts, maxSteps: steps });
  return (firstPrompt, prompts) => {
    const drawn = task.draw(prompts, stream(experiment.seed).fork("evaluation"), { firstPrompt, values: false });
    const input = drawn.spikes as SpikeTrain;
    const options = { firstPrompt, rasters: prompts };
    const { trace: quick, codes } = fast.run(input, options);
    const differences: string[] = [];
    const seen = { codes: 0 };
    const compareCodes = (simulator: string) => (record: CodeRecord) => {
      const differ = differing(record.codes, codes[record.block.crossbar]);
      if (differ > 0) {
        differences.push(`${differ} codes of ${record.layer}, crossbar ${record.block.crossbar}, ${simulator}`);
      }
      if (simulator === "functional") seen.codes += record.codes.length;
    };
    const reference = simulate(chip, input, run, { ...options, onCodes: compareCodes("functional") });
    const clocked = simulateCycles(chip, input, run, { ...options, onCodes: compareCodes("cycle") });
    differences.push(...compare("fast", reference, quick), ...compare("cycle", reference, clocked));
    const { losses } = answer(reference.logits, drawn.labels, network.geometry.classes, network.model.readOut);
    return {
      codes: seen.codes,
      spikes: Object.values(reference.rasters).reduce(
        (sum, train) => sum + train.steps * train.rows * train.features,
        0,
      ),
      logits: reference.stepLogits.length,
      counts: reference.operations.reduce((sum, { actions }) => sum + Object.keys(actions).length + 2, 0),
      differences,
      losses: [...losses],
      actions: reference.actions,
    };
  };
}

/** The differences of two traces. */
function compare(simulator: string, reference: Trace, trace: Trace): string[] {
  const differences: string[] = [];
  for (const [name, train] of Object.entries(reference.rasters)) {
    const differ = differing(unpackSpikes(train), unpackSpikes(trace.rasters[name]));
    if (differ > 0) differences.push(`${differ} spikes of ${name}, ${simulator}`);
  }
  const logits = differing(reference.stepLogits, trace.stepLogits);
  if (logits > 0) differences.push(`${logits} logits, ${simulator}`);
  for (const field of ["operations", "spikes", "saturated", "registers"] as const) {
    if (JSON.stringify(reference[field]) !== JSON.stringify(trace[field])) differences.push(`${field}, ${simulator}`);
  }
  return differences;
}

/** The number of differing entries, plus entries of the longer array that the other lacks. */
function differing(a: ArrayLike<number>, b: ArrayLike<number> | CrossbarCodes | undefined): number {
  if (b === undefined) return a.length;
  let count = Math.abs(a.length - b.length);
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) count++;
  return count;
}

/** Slices that were equal before, by key. */
function previous(file: string | undefined): Map<string, Line> {
  if (file === undefined || !existsSync(file)) return new Map();
  const lines = readFileSync(file, "utf8").trim().split("\n").filter(Boolean);
  const equal = lines.map((line) => JSON.parse(line) as Line).filter(({ differences }) => differences.length === 0);
  return new Map(equal.map((line) => [line.key, line]));
}

function list(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new Error(`--${name} is one of ${allowed.join(", ")}, not "${text}".`);
  return found;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} is a whole number from 1 on, not "${text}".`);
  return value;
}
