/** Evaluating a programmed chip, beside the same chip in PyTorch, and where the time goes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { standaloneKernels } from "../src/kernels/memory.ts";
import { createSimulator, simulatorBytes } from "../src/simulation/fast.ts";
import { chipCase, PROMPTS, runStream, SLICE } from "./chip-model.ts";
import { type BenchOptions, median, printNumber, type Row, type Samples, type Section } from "./harness.ts";
import { measureKernels, timeKernels } from "./profile.ts";
import { hasPeer, PYTHON, slowBlasNote } from "./reference-run.ts";

/** What a process reports, ours or the peer. */
export interface ChipRun {
  readonly samples: Samples;
  readonly residentMegabytes: number;
  /** Share of ones by spike train. */
  readonly densities: Readonly<Record<string, number>>;
}

interface PeerRun extends ChipRun {
  readonly torch: string;
  /** Prompts at a time: the fastest of some. */
  readonly batch: number;
  /** Share of the CPU time that linear layers took. */
  readonly linearShare: number;
  readonly matrixProductGflops: number;
}

const CASES = { "noise of devices": false, "and of converters": true };

export function simulation({ quick }: BenchOptions): Section {
  const rows: Row[] = [];
  const notes: string[] = [];
  const repeats = quick ? 3 : 9;
  const peer = !quick && hasPeer();
  for (const [title, erring] of Object.entries(CASES)) {
    const folder = mkdtempSync(join(tmpdir(), "xpikeformer-bench-"));
    try {
      const own = runOwn(erring, repeats, folder);
      rows.push(describe(`xpikeformer, ${title}`, own));
      if (peer) {
        const other = runPeer(repeats, folder);
        rows.push(describe(`PyTorch ${other.torch}, ${title}`, other));
        notes.push(compare(title, own, other));
        if (erring) notes.push(...slowBlasNote(other.matrixProductGflops));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    rows.push(...profileKernels(`by kernel, ${title}`, erring, repeats));
  }
  const about = `${PROMPTS} prompts of the 2x2 link through the bundled network on a programmed chip, one thread.`;
  return { name: "simulation", about, rows, notes };
}

function describe(name: string, { samples, residentMegabytes, densities }: ChipRun): Row {
  const figures = {
    "prompts/s": PROMPTS / (median(samples.cpu) / 1000),
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

function runOwn(erring: boolean, repeats: number, folder: string): ChipRun {
  const script = fileURLToPath(new URL("./chip-process.js", import.meta.url));
  const flags = ["--erring", erring ? "1" : "0", "--repeats", `${repeats}`, "--export", folder];
  return JSON.parse(execFileSync(process.execPath, [script, ...flags], { encoding: "utf8" }));
}

function runPeer(repeats: number, folder: string): PeerRun {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" };
  const script = fileURLToPath(new URL("../../bench/peers/chip_evaluation.py", import.meta.url));
  const flags = ["--folder", folder, "--repeats", `${Math.min(repeats, 5)}`];
  return JSON.parse(execFileSync(PYTHON, [script, ...flags], { encoding: "utf8", env }));
}

/** One row for all slices, and one for each kernel that takes at least 1 % of it; the clock itself takes a part of short calls. */
function profileKernels(title: string, erring: boolean, repeats: number): Row[] {
  const { chip, slices } = chipCase(erring);
  const sizes = { maxPrompts: SLICE };
  const { kernels, arena } = standaloneKernels(simulatorBytes(chip, sizes));
  const spent = {};
  const simulator = createSimulator({ ...kernels, run: timeKernels(kernels.run, spent) }, arena, chip, sizes);
  return measureKernels(title, spent, repeats, () => {
    slices.forEach((slice, i) => {
      simulator.run(slice, runStream, { firstPrompt: i * SLICE });
    });
  });
}
