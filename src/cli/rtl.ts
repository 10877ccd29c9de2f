/**
 * `xpike rtl`: SystemVerilog of an experiment's attention engine and LIF unit with vectors of its trained network; `verify` and `synth`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError, SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { Network } from "../model/network.ts";
import { sha256Of } from "../node/content-hash.ts";
import { writeFileAtomic } from "../node/files.ts";
import { checkBoard } from "../node/rtl-board.ts";
import { checkCosim, startCosim } from "../node/rtl-cosim.ts";
import { type CoveragePoint, coverageText } from "../node/rtl-plays.ts";
import type { PromptCheck } from "../node/rtl-prompts.ts";
import { synthesiseRtl } from "../node/rtl-synthesis.ts";
import { type RtlCheck, verifyRtl } from "../node/rtl-tools.ts";
import { useFolder } from "../node/run-folder.ts";
import { packageVersion } from "../node/version.ts";
import { stream } from "../numeric/stream.ts";
import { printable } from "../report/markup.ts";
import { type BoardChoice, boardBundle } from "../rtl/board/bundle.ts";
import { machineBoardBundle } from "../rtl/board/machine-bundle.ts";
import { TESTBENCH_LIST } from "../rtl/bundle.ts";
import type { SourceFiles } from "../rtl/design.ts";
import { type MachineProvenance, machineBundle } from "../rtl/kit/bundle.ts";
import { macroViews } from "../rtl/kit/macro-views.ts";
import { machineDesign } from "../rtl/machine/design.ts";
import type { DeviceName } from "../rtl/machine/devices.ts";
import { type Fabric, MACROS } from "../rtl/machine/fabric.ts";
import { fitOf, fitText } from "../rtl/machine/fit.ts";
import { machineVectors } from "../rtl/machine/vectors.ts";
import { type Wrapper, wrapperFiles } from "../rtl/wrapper/wrappers.ts";
import { macroArea } from "../runs/macro-area.ts";
import { attentionVectors, chipWithRegisters, networkRtl } from "../runs/rtl.ts";
import { decide } from "../task/answers.ts";
import type { Given } from "../task/open.ts";
import { asTyped } from "./invocation.ts";
import { loadNetworks } from "./networks.ts";
import { commandLine, loadExperiment, openLoaded, quote } from "./options.ts";
import { outputFolder } from "./output.ts";
import {
  DEFAULT_BAUD,
  DEFAULT_STREAM_BITS,
  type RtlCommandOptions,
  type RtlCosimOptions,
  type RtlHostOptions,
  type RtlSynthOptions,
  type RtlVerifyOptions,
} from "./rtl-arguments.ts";
import { synthesisText } from "./synthesis-text.ts";
import { say, type Terminal } from "./terminal.ts";

/** Throws XpikeError for an experiment without a trained network, or one whose tile is not generated. */
export async function rtlCommand(source: string, options: RtlCommandOptions, terminal: Terminal): Promise<void> {
  const loaded = await loadExperiment(source, options);
  const { networks, validatedSteps } = await loadNetworks(loaded, []);
  const { opened, notes: dataNotes } = await openLoaded(loaded, options);
  const folder = options.out ?? `${outputFolder(loaded.experiment, {})}-rtl`;
  await useFolder(folder, commandLine("rtl", source, options), async () => {
    const notes = [...dataNotes];
    const files = filesOf(opened, { network: networks.network, validatedSteps }, options, notes);
    requireOwnFiles(folder, files);
    for (const [name, text] of Object.entries(files)) await writeFileAtomic(join(folder, name), text);
    for (const note of notes) say(terminal, note);
  });
  const check = asTyped(`xpike rtl verify ${quote(folder)}`, terminal.program);
  terminal.out(`${join(folder, "README.md")}\nCheck it with: ${check}\n`);
}

/** Throws FileError for a file that would be overwritten, in a folder that `xpike rtl` did not write. */
function requireOwnFiles(folder: string, files: SourceFiles): void {
  if (existsSync(join(folder, TESTBENCH_LIST))) return;
  const foreign = Object.keys(files).find((name) => existsSync(join(folder, name)));
  if (foreign === undefined) return;
  throw new FileError(
    join(folder, foreign),
    `This file would be overwritten, but xpike rtl did not write the folder (it has no ${TESTBENCH_LIST}). Choose another folder with --out.`,
  );
}

/** A trained network, with further time steps at which it was validated. */
interface Trained {
  readonly network: Network;
  readonly validatedSteps: readonly number[];
}

/** The files of the folder, by name; `notes` receives omissions. */
function filesOf(given: Given, trained: Trained, options: RtlCommandOptions, notes: string[]): SourceFiles {
  const { prompts, machine, inFlight = false, board, device, baud = DEFAULT_BAUD, boardHeads: heads = 1 } = options;
  const stray = options.baud !== undefined ? "baud" : options.boardHeads !== undefined ? "board-heads" : undefined;
  if (!board && stray)
    throw new SpecError(`--${stray}`, `--${stray} belongs to a board kit. Add --board, or leave it out.`);
  if (machine && board && !options.fpga) {
    throw new SpecError("--board", "Macros are no part of an FPGA. Add --fpga, or leave --board out.");
  }
  if (machine && options.boardHeads !== undefined)
    throw new SpecError("--board-heads", "A machine has all heads. Leave --board-heads or --machine out.");
  const wrapper = wrapperOf(options);
  const fabric = fabricOf(options);
  const kit = board && {
    board,
    baud,
    fingerprintOf: (sources: SourceFiles) => firstWord(sha256Of(JSON.stringify(sources))),
  };
  if (inFlight && !machine)
    throw new SpecError("--in-flight", "--in-flight belongs to a whole machine. Add --machine, or leave it out.");
  if (machine) return makeMachine(given, trained, { prompts, inFlight, fabric, device, kit, wrapper }, notes);
  const { network, validatedSteps } = trained;
  if (!kit) return networkRtl(given, network, prompts, notes, validatedSteps);
  const { design, runs, origin, lif } = attentionVectors(given, network, { prompts, heads, validatedSteps }, notes);
  return boardBundle(design, runs, provenance(given.experiment, origin), kit, lif);
}

function provenance(experiment: Experiment, origin: string): MachineProvenance {
  const hash = sha256Of(JSON.stringify(experiment));
  return {
    version: packageVersion(),
    experiment: `the experiment ${experiment.name}, SHA-256 ${hash}`,
    fingerprint: firstWord(hash),
    origin,
  };
}

const firstWord = (hash: string) => Number.parseInt(hash.slice(0, 8), 16);

/** Throws SpecError for options without those that they belong to. */
function fabricOf({ machine, fpga, conductanceBits, device, loadable = false }: RtlCommandOptions): Fabric {
  if (loadable && !machine)
    throw new SpecError("--loadable", "--loadable belongs to a whole machine. Add --machine, or leave it out.");
  if (fpga && !machine)
    throw new SpecError("--fpga", "--fpga belongs to a whole machine. Add --machine, or leave it out.");
  if (fpga) return { kind: "memories", conductanceBits: conductanceBits ?? null, loadable };
  const stray = conductanceBits !== undefined ? "conductance-bits" : device !== undefined ? "device" : undefined;
  if (stray === undefined) return { ...MACROS, loadable };
  throw new SpecError(`--${stray}`, `--${stray} belongs to a machine of memories. Add --fpga, or leave it out.`);
}

/** Throws SpecError for options without those that they belong to. */
function wrapperOf({ wrapper: name, streamBits, machine, fpga, board }: RtlCommandOptions): Wrapper | null {
  if (name === undefined) {
    if (streamBits === undefined) return null;
    throw new SpecError("--stream-bits", "--stream-bits belongs to a wrapper. Add --wrapper, or leave it out.");
  }
  if (!machine || !fpga) {
    throw new SpecError(
      "--wrapper",
      "A wrapper holds a whole machine of an FPGA. Add --machine --fpga, or leave --wrapper out.",
    );
  }
  if (board)
    throw new SpecError("--wrapper", "A board's kit has a top level of its own. Leave --board or --wrapper out.");
  return { name, bits: streamBits ?? DEFAULT_STREAM_BITS };
}

interface MachineChoice {
  readonly prompts: number;
  readonly inFlight: boolean;
  readonly fabric: Fabric;
  readonly device: DeviceName | undefined;
  readonly kit: BoardChoice | undefined;
  readonly wrapper: Wrapper | null;
}

/** The files of a whole machine. */
function makeMachine(
  given: Given,
  trained: Trained,
  { prompts, inFlight, fabric, device, kit, wrapper }: MachineChoice,
  notes: string[],
): SourceFiles {
  const { chip, task, random } = chipWithRegisters(given, trained.network, notes, trained.validatedSteps);
  const { experiment } = given;
  const { spikes } = task.draw(prompts, stream(experiment.seed).fork("evaluation"), { values: false });
  const run = random.fork("run");
  const design = machineDesign(chip, run, fabric, inFlight);
  if (device) notes.push(fitText(fitOf(design), device));
  const origin =
    `Vectors: a trained network (${experiment.name}, seed ${experiment.seed}, chip 0) on its first ${prompts} evaluation prompts, from the functional ` +
    "simulator with LFSR random numbers.";
  const vectors = machineVectors(design, chip, spikes!, run, decide);
  const from = provenance(experiment, origin);
  // A board's crossbars are memories: it has no macros to describe.
  if (kit) return machineBoardBundle(design, vectors, from, kit);
  if (wrapper) return wrapperFiles(design, machineBundle(design, vectors, from), from, wrapper);
  return { ...machineBundle(design, vectors, from), ...macroViews(design, vectors, macroArea(chip.hardware)) };
}

/** Throws FileError if a check fails. Missing or unfinished tools are reported, but are not failures. */
export async function verifyCommand(
  folder: string,
  { waves, limit }: RtlVerifyOptions,
  terminal: Terminal,
): Promise<void> {
  const reached: CoveragePoint[] = [];
  const checks = await verifyRtl(folder, {
    waves,
    limit,
    onStart: ({ tool, check }) => terminal.err(`${tool}: ${check} ...\n`),
    onCheck: ({ tool, check, result, detail }) =>
      terminal.out(`${result.padEnd(9)}${tool.padEnd(10)}${check.padEnd(42)}${printable(detail)}\n`),
    onCoverage: (points) => {
      reached.push(...points);
      terminal.out(`\n${printable(coverageText(points))}\n\n`);
    },
  });
  const failed = checks.filter(({ result }) => result === "fail");
  if (failed.length > 0) {
    const names = failed.map(({ tool, check }) => `${tool} (${check})`).join(", ");
    throw new FileError(
      folder,
      `Checks of the RTL failed: ${names}. Write the folder again; if they fail again, please report it.`,
    );
  }
  terminal.out(`${verifySummary(checks, reached)}\n`);
}

const TOOL_NAMES: Readonly<Record<RtlCheck["tool"], string>> = {
  verilator: "Verilator",
  iverilog: "Icarus Verilog",
  yosys: "Yosys",
};

/** The last line of a verification without a failure: what passed, what did not run and why, and the points that testbenches reached. */
export function verifySummary(
  checks: readonly Pick<RtlCheck, "tool" | "result">[],
  points: readonly Pick<CoveragePoint, "count" | "reason">[],
): string {
  const toolsOf = (result: RtlCheck["result"]) => {
    const tools = checks.filter((check) => check.result === result).map(({ tool }) => TOOL_NAMES[tool]);
    return { count: tools.length, names: [...new Set(tools)] };
  };
  const [passed, missing, late, crashed] = (["pass", "missing", "timeout", "crash"] as const).map(toolsOf);
  if (passed.count === 0) return "Nothing was checked.";
  const all = checks.length;
  const [are, them] = missing.names.length === 1 ? ["is", "it"] : ["are", "them"];
  const open = [
    ...(missing.count > 0
      ? [`${missing.names.join(" and ")} ${are} not installed, so ${missing.count} of ${all} checks did not run.`]
      : []),
    ...(late.count > 0
      ? [`${late.names.join(" and ")} did not finish ${late.count} of ${all} checks within the limit; raise --limit.`]
      : []),
    ...(crashed.count > 0
      ? [`${crashed.names.join(" and ")} crashed in ${crashed.count} of ${all} checks; try another version.`]
      : []),
    ...(missing.count > 0 ? [`Install ${them} and verify again.`] : []),
  ];
  const reached = points.filter(({ count }) => count > 0).length;
  const unreachable = points.filter(({ count, reason }) => count === 0 && reason !== null).length;
  const rest = unreachable > 0 ? `; the machine cannot reach the other ${unreachable}` : "";
  const coverage = points.length > 0 ? [`Testbenches reached ${reached} of ${points.length} points${rest}.`] : [];
  const verdict =
    open.length > 0
      ? `Partly verified: ${passed.count} of ${all} checks passed.`
      : `Verified: all ${all} checks passed.`;
  return [verdict, ...open, ...coverage].join(" ");
}

/**
 * Throws FileError for a folder that cannot be read; PlatformError without a Yosys, for a clock without OpenSTA, or for power without
 * Verilator.
 */
export async function synthCommand(
  folder: string,
  { json, clock, corner: corners, ...options }: RtlSynthOptions,
  terminal: Terminal,
): Promise<void> {
  const hertz = clock === undefined ? undefined : clock * 1e6;
  const synthesis = await synthesiseRtl(folder, { ...options, corners, clock: hertz });
  terminal.out(json ? `${JSON.stringify(synthesis, null, 2)}\n` : synthesisText(synthesis));
}

/** Throws FileError for a folder without a kit or a port that cannot be used; PlatformError when the board is silent or wrong. */
export async function hostCommand(folder: string, options: RtlHostOptions, terminal: Terminal): Promise<void> {
  const checked = await checkBoard(folder, {
    ...options,
    onRun: (run, all) => terminal.err(`run ${run} of ${all}\n`),
  });
  const { repeated } = checked;
  const again = repeated === 0 ? "" : ` ${repeated} requests were sent again: the line loses bytes.`;
  if (checked.holds === "engine") {
    const { runs, columns, bits } = checked;
    terminal.out(`All ${bits} bits of ${columns} columns in ${runs} runs agree with the cycle model.${again}\n`);
    return;
  }
  requireSame(folder, checked);
  terminal.out(`${checked.prompts} prompts: 0 of ${checked.answers} answers differ from the simulator's.${again}\n`);
}

/**
 * Throws FileError for a folder without a machine, or when an answer differs; PlatformError without Verilator or a compiler, or when the
 * simulation ends early.
 */
export async function cosimCommand(folder: string, options: RtlCosimOptions, terminal: Terminal): Promise<void> {
  terminal.err("verilator: compiling ...\n");
  const { port, ended, close } = await startCosim(folder, options);
  try {
    if (options.serve) {
      terminal.out(`The machine listens at 127.0.0.1, port ${port}, until a driver says quit.\n`);
      return await ended;
    }
    const { prompts, answers, differing, clocks } = await checkCosim(folder, port, {
      prompts: options.prompts,
      constants: options.constants,
      queue: options.queue,
      onPrompt: (prompt, all) => terminal.err(`prompt ${prompt} of ${all}\n`),
    });
    requireSame(folder, { answers, differing });
    const ran = `${prompts} prompts through the TypeScript driver, ${clocks} clocks`;
    terminal.out(`${ran}: 0 of ${answers} answers differ from the simulator's.\n`);
  } finally {
    await close();
  }
}

/** Throws FileError when an answer differs. */
function requireSame(folder: string, { answers, differing }: Pick<PromptCheck, "answers" | "differing">): void {
  if (differing === 0) return;
  throw new FileError(
    folder,
    `${differing} of ${answers} answers differ from the simulator's. Check the folder with xpike rtl verify.`,
  );
}
