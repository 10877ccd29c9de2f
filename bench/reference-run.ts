/** Runs the reference model with these kernels and in PyTorch, each in a process of its own, and compares the two. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type BenchOptions, median, printNumber, type Row, type Samples, type Section } from "./harness.ts";
import { BATCH, type SurrogateName } from "./reference-model.ts";

/** What a process reports, ours or the peer. */
export interface ReferenceRun {
  readonly samples: Samples;
  readonly firstLoss: number;
  readonly lastLoss: number;
  readonly residentMegabytes: number;
  /** Share of bits set, by layer; of an inference only. */
  readonly densities: Readonly<Record<string, number>>;
}

interface PeerRun extends ReferenceRun {
  readonly torch: string;
  readonly matrixProductGflops: number;
}

interface Setting {
  readonly measure: "training" | "inference";
  readonly surrogate: SurrogateName;
  readonly threads: number;
  readonly repeats: number;
}

export const PYTHON = "/usr/bin/python3";
/** On one core a tuned BLAS is far above, the reference BLAS far below. */
const TUNED_BLAS_GFLOPS = 20;

/** Both on 1 and 2 threads, turn by turn, and the ratio of the faster of each. */
export function compareWithPeer(
  measure: "training" | "inference",
  surrogates: readonly SurrogateName[],
  { quick }: BenchOptions,
): Pick<Section, "rows" | "notes"> {
  const rows: Row[] = [];
  const notes: string[] = [];
  const peer = !quick && hasPeer();
  const repeats = quick ? 3 : 15;
  for (const surrogate of surrogates) {
    const own: ReferenceRun[] = [];
    const peers: PeerRun[] = [];
    for (const threads of availableParallelism() > 1 ? [1, 2] : [1]) {
      const setting = { measure, surrogate, threads, repeats };
      const suffix = `${threads} thread${threads > 1 ? "s" : ""}${surrogates.length > 1 ? `, ${surrogate}` : ""}`;
      own.push(runOwn(setting));
      rows.push(describe(`xpikeformer, ${suffix}`, own[own.length - 1]));
      if (!peer) continue;
      peers.push(runPeer(setting));
      const last = peers[peers.length - 1];
      rows.push(describe(`PyTorch ${last.torch}, ${suffix}`, last));
    }
    if (peer) notes.push(...compare(surrogate, own, peers));
  }
  if (!peer && !quick) {
    notes.push("No PyTorch to compare with: `apt install python3-torch libopenblas0-openmp` (Debian) adds it.");
  }
  return { rows, notes };
}

function describe(name: string, { samples, firstLoss, lastLoss, residentMegabytes, densities }: ReferenceRun): Row {
  const hidden = densities["blocks.0.hidden"];
  return {
    name,
    samples,
    figures: {
      "prompts/s": BATCH / (median(samples.wall) / 1000),
      "peak MB": residentMegabytes,
      ...(hidden === undefined
        ? { loss: `${firstLoss.toFixed(3)} to ${lastLoss.toFixed(3)}` }
        : { "hidden density": hidden, "attention density": densities["blocks.0.attention"] }),
    },
  };
}

function compare(surrogate: string, own: readonly ReferenceRun[], peers: readonly PeerRun[]): string[] {
  const fastest = (runs: readonly ReferenceRun[]) => Math.min(...runs.map(({ samples }) => median(samples.wall)));
  const oneThread = (runs: readonly ReferenceRun[]) => median(runs[0].samples.cpu);
  const gflops = peers[0].matrixProductGflops;
  const notes = [
    `${surrogate}: ${printNumber(fastest(peers) / fastest(own))} times as fast as PyTorch, each with its best number of ` +
      `threads; ${printNumber(oneThread(peers) / oneThread(own))} times by CPU time on one thread.`,
    `PyTorch multiplies matrices at ${printNumber(gflops)} GFLOP/s on one thread.`,
  ];
  return [...notes, ...slowBlasNote(gflops)];
}

/** A remark where PyTorch multiplies matrices with the reference BLAS. */
export const slowBlasNote = (gflops: number): string[] =>
  gflops < TUNED_BLAS_GFLOPS
    ? ["That is the reference BLAS; `apt install libopenblas0-openmp` makes PyTorch much faster."]
    : [];

function runOwn(setting: Setting): ReferenceRun {
  const script = fileURLToPath(new URL("./reference-process.js", import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [script, ...flags(setting)], { encoding: "utf8" }));
}

/** BLAS and OpenMP get as many threads as PyTorch. */
function runPeer(setting: Setting): PeerRun {
  const threads = String(setting.threads);
  const env = { ...process.env, OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads };
  const script = fileURLToPath(new URL("../../bench/peers/training_step.py", import.meta.url));
  return JSON.parse(execFileSync(PYTHON, [script, ...flags(setting)], { encoding: "utf8", env }));
}

const flags = (setting: Setting): string[] =>
  Object.entries(setting).flatMap(([name, value]) => [`--${name}`, `${value}`]);

export function hasPeer(): boolean {
  try {
    execFileSync(PYTHON, ["-c", "import torch"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
