/** Evaluates a programmed chip, compared with the same chip in PyTorch, and profiles it. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bindKernels, standaloneKernels } from "../src/kernels/memory.ts";
import { simulatorBytes } from "../src/simulation/fast/plan.ts";
import { createSimulator } from "../src/simulation/fast/simulate.ts";
import { type CaseName, chipCase, runStream } from "./chip-model.ts";
import {
  type BenchOptions,
  joinSamples,
  median,
  printNumber,
  type Row,
  type Samples,
  type Section,
} from "./harness.ts";
import { hasPeer, MISSING_PEER, type PeerProcess, peerNotes, runPeer } from "./peer-files.ts";
import { measureKernels, timeKernels } from "./profile.ts";

/** The report of a process, ours or the peer's. */
export interface ChipRun {
  readonly samples: Samples;
  readonly residentMegabytes: number;
  /** Share of ones by spike train. */
  readonly densities: Readonly<Record<string, number>>;
  /** Evaluated in each repeat. */
  readonly prompts: number;
}

interface PeerRun extends Omit<ChipRun, "prompts">, PeerProcess {
  /** Prompts at a time: the fastest of several. */
  readonly batch: number;
  /** Share of spikes that differ from ours, over all neurons that were given our spikes. */
  readonly differing: number | null;
}

const CASES: Readonly<Record<CaseName, string>> = {
  link: "2x2 link, noise of devices",
  integers: "2x2 link, in whole numbers",
  erring: "2x2 link, and of converters",
  "erring integers": "2x2 link, and of converters, in whole numbers",
  image: "one image, 6 blocks of width 512",
};

export function simulation({ quick }: BenchOptions): Section {
  const rows: Row[] = [];
  const notes: string[] = [];
  const repeats = quick ? 3 : 9;
  const peer = !quick && hasPeer();
  for (const name of (quick ? Object.keys(CASES).slice(0, 4) : Object.keys(CASES)) as CaseName[]) {
    const title = CASES[name];
    const turn = (): ChipRun => JSON.parse(runOwn(name, ["--repeats", `${repeats}`]));
    let own = turn();
    // The peer has the floating-point machine.
    if (peer && !name.includes("integers")) {
      const other = runChipPeer(name, repeats);
      own = { ...own, samples: joinSamples(own.samples, turn().samples) };
      rows.push(describe(`PyTorch, ${title}`, { ...other, prompts: own.prompts }));
      notes.push(compare(title, own.samples, other), ...peerNotes(other));
    }
    rows.push(describe(`xpikeformer, ${title}`, own));
    rows.push(...profileKernels(`by kernel, ${title}`, name, repeats));
  }
  if (!peer && !quick) notes.push(MISSING_PEER);
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

function compare(title: string, own: Samples, { samples, batch, differing }: PeerRun): string {
  const ratio = median(samples.cpu) / median(own.cpu);
  return (
    `${title}: ${printNumber(ratio)} times as fast as PyTorch by CPU time, which runs prompts in batches of ${batch}, its fastest.` +
    (differing === null ? "" : ` Given our spikes, a share of ${differing} of its neurons differs from ours.`)
  );
}

function runOwn(name: CaseName, flags: readonly string[]): string {
  const script = fileURLToPath(new URL("./chip-process.js", import.meta.url));
  return execFileSync(process.execPath, [script, "--case", name, ...flags], { encoding: "utf8" });
}

const runChipPeer = (name: CaseName, repeats: number): PeerRun =>
  runPeer<PeerRun>("chip_evaluation.py", ["--repeats", `${Math.min(repeats, 5)}`], 1, (folder) =>
    runOwn(name, ["--export", folder]),
  );

/** One row for all slices, and one for each kernel that takes at least 1 % of it; the clock itself takes part of short calls. */
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
