/**
 * `xpike cost`: energy, latency and area of a workload on every machine.
 *
 * The workload is a published model by name, a file of sizes and densities, or an experiment. An experiment with a trained network is
 * simulated on one chip for a few prompts to measure its densities; otherwise those of a published network are used. Other machines are
 * priced with the comparison networks that the experiment names.
 */

import type { ArchitectureId } from "../cost/architectures/catalogue.ts";
import { type CostEstimate, estimateCost, type NamedOperation, withRivalSteps } from "../cost/cost.ts";
import { hardwarePrices } from "../cost/hardware.ts";
import { assumedRates, importedWorkload } from "../cost/imported.ts";
import { comparedSnn, comparedWith, experimentWorkload, measuredWorkload, perInference } from "../cost/measured.ts";
import { keptPlans } from "../cost/plans.ts";
import { COST_PRESETS, type CostPreset, findCostPreset } from "../cost/presets.ts";
import { priceWorkload, type Rivals } from "../cost/priced.ts";
import { energyRanges, RANGE_DRAWS } from "../cost/ranges.ts";
import type { Price } from "../cost/receipt.ts";
import { type CostChoice, resolveTechnology } from "../cost/resolve.ts";
import { BLOCKS } from "../cost/sources/node.ts";
import type { Workload } from "../cost/workload.ts";
import { atPublishedSteps, describedWorkload, findWorkload, WORKLOADS } from "../cost/workloads.ts";
import { CostError } from "../errors.ts";
import { evaluateChips } from "../evaluation/chips.ts";
import { evaluateNetwork } from "../evaluation/network.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { mostHeads } from "../experiment/model.ts";
import { machineByName } from "../experiment/parse.ts";
import { parseWorkload, readWorkload } from "../experiment/workload.ts";
import { type Timing, timingOf } from "../hardware/timing.ts";
import type { Network } from "../model/network.ts";
import { requireNoTraining, useFolder } from "../node/run-folder.ts";
import { nodeExecutor } from "../node/threads.ts";
import { stream } from "../numeric/stream.ts";
import { costOverview } from "../report/cost-overview.ts";
import { type CostCase, costReport } from "../report/cost-report.ts";
import { costScreen } from "../report/cost-screen.ts";
import { costTable } from "../report/cost-table.ts";
import { formatText } from "../report/format.ts";
import type { Report } from "../report/report.ts";
import type { TableOptions } from "../report/table.ts";
import { asCompared, asDescribed } from "../runs/fit.ts";
import { chipRate } from "../runs/steps.ts";
import { kitOf } from "../task/catalogue.ts";
import { guessingRate } from "../task/guessing.ts";
import { type CostCommandOptions, DEFAULT_COST_PROMPTS, DEFAULT_DRAWS, DEFAULT_PRICES } from "./arguments.ts";
import { listCosts, listedJson } from "./cost-list.ts";
import { readDensities, readSteps } from "./cost-workload.ts";
import { type Checkpoint, loadCheckpoint } from "./layout-file.ts";
import { loadNetworks } from "./networks.ts";
import { isTensorFile, type LoadedExperiment, loadExperiment, openLoaded, quote, readDocument } from "./options.ts";
import { deliver, folderName, writeReport } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import { versions } from "./version.ts";

/** Throws XpikeError for an invalid workload, price or node. */
export async function costCommand(
  source: string | undefined,
  options: CostCommandOptions,
  terminal: Terminal,
): Promise<void> {
  if (options.list) return terminal.out(options.json ? listedJson() : listCosts());
  const presets = options.preset === "all" ? COST_PRESETS : [findCostPreset(options.preset)];
  if (source === undefined) return tabulate(presets, options, terminal);
  // Steps are chosen when the network is priced, as for any other workload.
  const { steps: _, ...choices } = options;
  const checkpoint = options.layout === undefined ? null : await loadCheckpoint(source, options.layout, choices);
  const workload = checkpoint ? null : await namedWorkload(source);
  if (!workload && options.machine !== undefined) throw ownMachine(source);
  const loaded = workload ? null : (checkpoint?.loaded ?? (await loadExperiment(source, options)));
  const { name } = loaded?.experiment ?? workload!;
  const machine = loaded
    ? hardwarePrices(loaded.experiment.hardware, { heads: mostHeads(loaded.experiment.model) })
    : {};
  // Invalid prices and nodes are refused before anything is simulated.
  for (const preset of presets) resolveTechnology(preset, choiceOf(machine, options, options.whatIf));
  const out = options.out ?? `results/cost-${folderName(name)}`;
  await useFolder(out, repeatLine(source, options), async () => {
    requireNoTraining(out);
    const subject = checkpoint
      ? await priceable(checkpoint, machine, options)
      : loaded
        ? await measure(loaded, machine, options)
        : onMachine(workload!, options);
    await report(source, subject, presets, { ...options, out }, terminal);
  });
}

const isFileOrPreset = (source: string): boolean =>
  source.startsWith("preset:") || /\.jsonc?$/.test(source) || source.includes("/") || isTensorFile(source);

/** Machines whose ratios to Xpikeformer the screen shows with their ranges. */
const SHOWN_RANGES = ["annTrees", "annDigital", "snnDigital"] as const;

/** A workload as a report: its figures at every preset, with their range. */
async function report(
  source: string,
  subject: Subject,
  presets: readonly CostPreset[],
  options: CostCommandOptions & { readonly out: string },
  terminal: Terminal,
): Promise<void> {
  const plan = keptPlans();
  const cases = presets.flatMap((preset) => casesOf(subject, preset, options, plan));
  const seed = options.seed ?? subject.experiment?.seed ?? 1;
  const [{ id, estimate, operations }, ...others] = cases;
  const random = stream(seed).fork("cost");
  const draws = Math.min(options.draws, RANGE_DRAWS);
  const drawn = draws > 0 ? { draws, random } : undefined;
  const priced = priceWorkload(estimate, {
    ranges: drawn,
    operations,
    plan,
    task: subject.experiment?.task,
    ...(subject.rivals && { rivals: subject.rivals }),
    draws: drawn && { draws: options.draws, random },
  });
  const { levers, rivals } = priced;
  // All columns of a screen share T, unless steps are requested or published by machine.
  const isShared = subject.experiment === undefined || options.steps !== undefined;
  const equal = isShared ? estimate : withRivalSteps(estimate, estimate.workload.steps);
  const ranges =
    isShared || !drawn
      ? priced.ranges
      : energyRanges(equal.workload, estimate.resolved, { ...drawn, ids: SHOWN_RANGES, operations, plan });
  const result = costReport({
    priced,
    prices: id,
    others,
    ...(subject.experiment ? { experiment: subject.experiment } : {}),
    simulated: subject.operations !== undefined,
    command: repeatLine(source, options),
    seed,
    versions: versions(),
    notes: [
      ...(subject.unconverted ? ownEnergy(estimate, subject.unconverted) : []),
      ...(subject.isAssumed ? [assumedRates(estimate.workload)] : []),
      ...subject.notes,
      ...timingNotes(subject, plan(estimate.workload, estimate.resolved.technology).machine.timing),
    ],
  });
  if (!options.json && cases.length > 1) terminal.out(`${costTable(cases, terminal)}\n`);
  const next = { command: "xpike cost --list", shows: "prices and sizes for --set and --what-if" };
  const brief = (whole: Report, style: TableOptions) =>
    costScreen(whole, { estimate, equal, levers, rivals, ranges }, style);
  const publish = () => writeReport(result, options.out);
  await deliver(result, options.out, options, terminal, { brief, next, publish });
}

/** Note if the prices require other clocks than the experiment's machine has. */
function timingNotes({ experiment }: Subject, priced: Timing): string[] {
  if (!experiment) return [];
  const own = timingOf(experiment.hardware);
  const keys = ["clock", "settle", "conversion"] as const;
  if (keys.every((key) => priced[key] === own[key])) return [];
  return [
    "At these prices the machine has other clocks than in simulation and RTL. To give it the same there, set hardware.timing to " +
      `${JSON.stringify(priced)}.`,
  ];
}

/** Every workload at every preset, as a table or JSON; with `--out` also as a report. */
async function tabulate(
  presets: readonly CostPreset[],
  options: CostCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const cases = WORKLOADS.flatMap((workload) =>
    presets.flatMap((preset) => casesOf(onMachine(workload, options), preset, options)),
  );
  if (options.out !== undefined) {
    const command = repeatLine(undefined, options);
    const report = costOverview({ cases, command, seed: options.seed ?? 1, versions: versions() });
    const brief = () => costTable(cases, terminal);
    const { out } = options;
    const publish = () => writeReport(report, out);
    return useFolder(out, command, async () => {
      requireNoTraining(out);
      await deliver(report, out, options, terminal, { brief, publish });
    });
  }
  if (!options.json) return terminal.out(costTable(cases, terminal));
  const rows = cases.map(({ id, estimate: { workload, architectures, times, area } }) => ({
    workload: workload.name,
    preset: id,
    steps: workload.steps,
    snnSteps: workload.snnSteps,
    architectures,
    times,
    area,
  }));
  terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
}

/** A workload with its machine, and the counted actions if it was simulated. */
interface Subject {
  readonly workload: Workload;
  readonly machine: Readonly<Record<string, Price>>;
  readonly operations?: readonly NamedOperation[];
  readonly experiment?: Experiment;
  /** Rivals with an energy ratio: for an experiment those that it names, if its network does better than guessing. */
  readonly rivals?: Rivals;
  /** Densities of a given spiking network are assumed, and shown as such. */
  readonly isAssumed?: boolean;
  /** For an ANN: what no unit of the chip computes. */
  readonly unconverted?: readonly string[];
  readonly notes: readonly string[];
}

/** A workload on the named machine, by default the machine of the prices. */
function onMachine(workload: Workload, { machine }: CostCommandOptions): Subject {
  if (machine === undefined) return { workload, machine: {}, notes: [] };
  const hardware = machineByName(machine);
  return { workload: { ...workload, hardware }, machine: hardwarePrices(hardware, workload), notes: [] };
}

const ownMachine = (source: string): CostError =>
  new CostError(
    "machine",
    `${source} is an experiment, which defines its own machine. Change the machine there, for example with { "preset": "paper" }, or edit its hardware.`,
  );

/** A case with the counts that its estimate is from, if they are not those of its densities. */
type CountedCase = CostCase & { readonly operations?: readonly NamedOperation[] | undefined };

function casesOf(subject: Subject, preset: CostPreset, options: CostCommandOptions, plan = keptPlans()): CountedCase[] {
  const { machine, operations } = subject;
  const timed = preset.steps === "published" ? atPublishedSteps(subject.workload) : subject.workload;
  const asTimed = options.steps === undefined ? timed : readSteps(options.steps)(timed);
  const workload = options.density === undefined ? asTimed : readDensities(options.density)(asTimed);
  // The counts of a simulation hold only for its number of steps and its spikes.
  const counted = workload.steps === subject.workload.steps && options.density === undefined ? operations : undefined;
  const estimate = (changes: readonly string[]) => {
    const choice = choiceOf(machine, options, changes);
    // The counts hold only for the simulated chip.
    const kept = options.set.length + changes.length === 0 ? counted : undefined;
    return { estimate: estimateCost(workload, resolveTechnology(preset, choice), kept, plan), operations: kept };
  };
  const base = { id: preset.name, ...estimate([]) };
  return options.whatIf.length === 0 ? [base] : [base, { id: `${preset.name}-what-if`, ...estimate(options.whatIf) }];
}

/** The prices chosen by options. Throws CostError for unreadable options. */
const choiceOf = (
  machine: Subject["machine"],
  { node, set, extrapolate = false }: CostCommandOptions,
  changes: readonly string[],
): CostChoice => ({
  ...readNodes(node),
  set: { ...machine, ...readSettings(set, "set"), ...readSettings(changes, "what-if") },
  extrapolate,
});

/** `22`, `digital=65,aimc=22` or `45,aimc=22`. Throws CostError for anything else. */
function readNodes(text: string | undefined): Pick<CostChoice, "node" | "nodes"> {
  const nodes: Partial<Record<string, number>> = {};
  for (const part of text === undefined ? [] : text.split(",")) {
    const [, block = "node", nm] = /^(?:(\w+)=)?(\d+(?:\.\d+)?)$/.exec(part.trim()) ?? [];
    if (nm === undefined || (block !== "node" && !BLOCKS.some((known) => known === block))) {
      throw new CostError(
        "node",
        `"${part}" does not name a node. Write a number of nanometres, or one for each of ${BLOCKS.join(", ")}, such as digital=65,aimc=22.`,
      );
    }
    if (nodes[block] !== undefined) {
      const name = block === "node" ? "the node of all blocks" : block;
      throw new CostError("node", `--node gives ${name} twice, ${nodes[block]} and ${nm}. Leave one of them out.`);
    }
    nodes[block] = Number(nm);
  }
  const { node, ...blocks } = nodes;
  return { ...(node === undefined ? {} : { node }), nodes: blocks as CostChoice["nodes"] & object };
}

/** Throws CostError for text without `=` or without a value, and for a repeated key. */
function readSettings(settings: readonly string[], option: "set" | "what-if"): Record<string, string> {
  const read: Record<string, string> = {};
  for (const setting of settings) {
    const at = setting.indexOf("=");
    const [key, value] = [setting.slice(0, at).trim(), setting.slice(at + 1).trim()];
    if (at <= 0 || value === "") {
      throw new CostError("set", `"${setting}" is not a setting. Write key=value, such as conversion5=1pJ.`);
    }
    if (Object.hasOwn(read, key)) {
      throw new CostError(option, `--${option} gives ${key} twice, ${read[key]} and ${value}. Leave one of them out.`);
    }
    read[key] = value;
  }
  return read;
}

/** The workload of a name or of a file that describes one; null for an experiment. Throws CostError or SpecError. */
async function namedWorkload(source: string): Promise<Workload | null> {
  if (!isFileOrPreset(source)) return findWorkload(source);
  const described = source.startsWith("preset:") ? null : readWorkload(await readDocument(source), source);
  return described ? describedWorkload(parseWorkload(described, source)) : null;
}

/** A checkpoint with its spikes measured on given images, if it fires and there are any; otherwise at assumed densities. */
async function priceable(
  checkpoint: Checkpoint,
  machine: Subject["machine"],
  options: CostCommandOptions,
): Promise<Subject> {
  const { loaded, network, notes } = checkpoint;
  if (network && options.data !== undefined) {
    const { notes: measured, ...subject } = await measure(loaded, machine, options, network);
    return { ...subject, notes: [...measured, ...notes] };
  }
  const { workload, experiment, unconverted } = importedWorkload(loaded.experiment);
  return {
    workload,
    machine,
    experiment,
    rivals: { ann: false, snn: false },
    ...(unconverted.length > 0 ? { unconverted } : { isAssumed: true }),
    notes: [...notes, ...(network ? [`To measure its spike rates, name a folder of images: --data FOLDER.`] : [])],
  };
}

/** An ANN's own energy on the machines that run it, what is assumed for the others, and why they do not. */
function ownEnergy({ architectures, workload }: CostEstimate, unconverted: readonly string[]): string[] {
  const energy = (id: ArchitectureId) =>
    formatText({ value: Number(architectures[id].total.toPrecision(3)), unit: "J" });
  return [
    `This network is an ANN: ${energy("annTrees")} per ${workload.result.name} in int8 in adder trees, ${energy("annDigital")} on a systolic array, ` +
      `${energy("annAimc")} on crossbars with 8-bit weights, ${energy("annAimcOwn")} on our crossbars. Xpikeformer and the digital SNN run a spiking network of the same sizes instead, which ` +
      `would have to be trained. ${assumedRates(workload)}`,
    `The chip cannot run the ANN: ${unconverted.join("; ")}.`,
  ];
}

/** The densities of an experiment's network, measured on a simulated chip if the network is trained. */
async function measure(
  loaded: LoadedExperiment,
  machine: Subject["machine"],
  options: CostCommandOptions,
  imported: Network | null = null,
): Promise<Subject> {
  const { experiment } = loaded;
  if (!imported && experiment.checkpoints.network === undefined) {
    const note =
      "No trained network is named, so densities are those of a published network on ImageNet, not measured.";
    const rivals = { ann: false, snn: false };
    return { workload: experimentWorkload(experiment), machine, experiment, rivals, notes: [note] };
  }
  const notes: string[] = [];
  const roles = (["ann", "spiking"] as const).filter((role) => experiment.checkpoints[role] !== undefined);
  const { networks, validatedSteps } = imported
    ? { networks: { network: imported, ann: undefined, spiking: undefined }, validatedSteps: [] }
    : await loadNetworks(loaded, roles);
  const { opened, notes: dataNotes } = await openLoaded(loaded, options);
  const network = asDescribed(experiment, networks.network, notes, "checkpoints.network", validatedSteps);
  const ann = networks.ann && asCompared(experiment, networks.ann, "ann");
  const spiking = networks.spiking && asCompared(experiment, networks.spiking, "spiking");
  const executor = nodeExecutor(options.threads);
  try {
    const [chip] = await evaluateChips(executor, opened, network, { chips: 1, prompts: options.prompts });
    const snn = spiking && (await evaluateNetwork(executor, opened, spiking, { prompts: options.prompts }));
    const workload = comparedWith(measuredWorkload(experiment, chip), experiment, {
      ann: ann?.model,
      snn: comparedSnn(spiking, snn),
    });
    const { high } = chipRate(experiment, [chip]);
    const guesses = high >= guessingRate(experiment.task, workload.classes);
    if (guesses)
      notes.push("The network on the chip does no better than guessing on these prompts: no energy ratio is given.");
    notes.push(
      `Densities are those of ${options.prompts} ${kitOf(experiment.task).metric.trial}s on one simulated chip. Error rates are not compared: no ` +
        "ratio is at equal accuracy, which `xpike run` tests.",
      ...(ann
        ? []
        : [
            "No ANN is named (checkpoints.ann): the ANN column has the size of the experiment's network, and no energy ratio is given.",
          ]),
      ...(spiking
        ? []
        : [
            "No digital SNN is named (checkpoints.spiking): the SNN column is the experiment's network, and no energy ratio is given.",
          ]),
      ...dataNotes,
    );
    const rivals = { ann: ann !== undefined && !guesses, snn: spiking !== undefined && !guesses };
    return { workload, machine, operations: perInference(chip), experiment, rivals, notes };
  } finally {
    await executor.close();
  }
}

/** The command that reproduces the report. */
function repeatLine(source: string | undefined, options: CostCommandOptions): string {
  const parts = ["xpike", "cost", ...(source === undefined ? [] : [source])];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) parts.push(name, String(value));
  };
  if (options.preset !== DEFAULT_PRICES) add("--preset", options.preset);
  add("--layout", options.layout);
  add("--heads", options.heads);
  add("--activation", options.activation);
  add("--path", options.path);
  add("--experiment", options.experiment);
  add("--machine", options.machine);
  add("--node", options.node);
  for (const setting of options.set) add("--set", setting);
  for (const setting of options.whatIf) add("--what-if", setting);
  add("--steps", options.steps);
  add("--density", options.density);
  if (options.extrapolate) parts.push("--extrapolate");
  if (options.draws !== DEFAULT_DRAWS) add("--draws", options.draws);
  if (options.prompts !== DEFAULT_COST_PROMPTS) add("--prompts", options.prompts);
  add("--seed", options.seed);
  return parts.map(quote).join(" ");
}
