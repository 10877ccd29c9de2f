/** Evaluating a programmed chip, beside the same chip in PyTorch, and where the time goes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bindKernels, standaloneKernels } from "../src/kernels/memory.ts";
import { createSimulator, simulatorBytes } from "../src/simulation/fast/simulate.ts";
import { type CaseName, chipCase, runStream } from "./chip-model.ts";
import { type BenchOptions, median, printNumber, type Row, type Samples, type Section } from "./harness.ts";
import { measureKernels, timeKernels } from "./profile.ts";
import { hasPeer, PYTHON, slowBlasNote } from "./reference-run.ts";

/** What a process reports, ours or the peer. */
export interface ChipRun {
  readonly samples: Samples;
  readonly residentMegabytes: number;
  /** Share of ones by spike train. */
  readonly densities: Readonly<Record<string, number>>;
  /** Evaluated in each repeat. */
  readonly prompts: number;
}

interface PeerRun extends Omit<ChipRun, "prompts"> {
  readonly torch: string;
  /** Prompts at a time: the fastest of some. */
  readonly batch: number;
  /** Share of the CPU time that linear layers took. */
  readonly linearShare: number;
  readonly matrixProductGflops: number;
}

const CASES: Readonly<Record<CaseName, string>> = {
  link: "2x2 link, noise of devices",
  erring: "2x2 link, and of converters",
  image: "one image, 6 blocks of width 512",
};

export function simulation({ quick }: BenchOptions): Section {
  const rows: Row[] = [];
  const notes: string[] = [];
  const repeats = quick ? 3 : 9;
  const peer = !quick && hasPeer();
  for (const name of (quick ? ["link", "erring"] : Object.keys(CASES)) as CaseName[]) {
    const title = CASES[name];
    const own: ChipRun = JSON.parse(runOwn(name, ["--repeats", `${repeats}`]));
    rows.push(describe(`xpikeformer, ${title}`, own));
    if (peer) {
      const other = runPeer(name, repeats);
      rows.push(describe(`PyTorch ${other.torch}, ${title}`, { ...other, prompts: own.prompts }));
      notes.push(compare(title, own, other));
      if (name === "image") notes.push(...slowBlasNote(other.matrixProductGflops));
    }
    rows.push(...profileKernels(`by kernel, ${title}`, name, repeats));
  }
  const about =
    "128 prompts of the 2x2 link through the bundled network, or one image of 64 patches in 10 steps through a network of the " +
    "paper's size with random weights, on a programmed chip, one thread.";
  return { name: "simulation", about, rows, notes };
}

function describe(name: string, { samples, residentMegabytes, densities, prompts }: ChipRun): Row {
  const figures = {
    "prompts/s": prompts / (median(samples.cpu) / 1000),
    "peak MB": residentMegabytes,
    "hidden density": densities["blocks.1.hidden"],
    "attention density": densities["blocks.1.attention"],
  };
  return { name, samples, figures };
}

function compare(title: string, own: ChipRun, { samples, batch, linearShare, matrixProductGflops }: PeerRun): string {
  const ratio = median(samples.cpu) / median(own.samples.cpu);
  return (
    `${title}: ${printNumber(ratio)} times as fast as PyTorch by CPU time. PyTorch runs ${batch} prompts at a time, its fastest, ` +
    `spends ${Math.round(100 * linearShare)} % in linear layers, and multiplies matrices at ${printNumber(matrixProductGflops)} GFLOP/s.`
  );
}

function runOwn(name: CaseName, flags: readonly string[]): string {
  const script = fileURLToPath(new URL("./chip-process.js", import.meta.url));
  return execFileSync(process.execPath, [script, "--case", name, ...flags], { encoding: "utf8" });
}

function runPeer(name: CaseName, repeats: number): PeerRun {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" };
  const script = fileURLToPath(new URL("../../bench/peers/chip_evaluation.py", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-bench-"));
  try {
    runOwn(name, ["--export", folder]);
    const flags = ["--folder", folder, "--repeats", `${Math.min(repeats, 5)}`];
    return JSON.parse(execFileSync(PYTHON, [script, ...flags], { encoding: "utf8", env }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One row for all slices, and one for each kernel that takes at least 1 % of it; the clock itself takes a part of short calls. */
function profileKernels(title: string, name: CaseName, repeats: number): Row[] {
  const { chip, slices, slicePrompts } = chipCase(name);
  const sizes = { maxPrompts: slicePrompts };
  const { kernels, arena } = standaloneKernels(simulatorBytes(chip, sizes));
  const spent = {};
  const timed = bindKernels(kernels.memory, timeKernels(kernels.run, spent));
  const simulator = createSimulator(timed, arena, chip, sizes);
  return measureKernels(title, spent, repeats, () => {
    slices.forEach((slice, i) => {
      simulator.run(slice, runStream, { firstPrompt: i * slicePrompts });
    });
  });
}
