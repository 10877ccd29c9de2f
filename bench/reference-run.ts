/** Runs the reference model with these kernels and in PyTorch, each in its own process, and compares the two. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
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
import { BATCH, describeWidth, type Reference, reference, type Width } from "./reference-model.ts";
import { requireSameWork, type Side, type Tolerances, type Work } from "./same-work.ts";

/** The report of a process, ours or the peer's. */
export interface ReferenceRun {
  readonly work: Work;
  readonly samples: Samples;
  /** For each training step from the first, including warm-ups. */
  readonly losses: readonly number[];
  readonly residentMegabytes: number;
  /** Share of bits set in the last block, for an inference only. */
  readonly densities: { readonly attention: number; readonly hidden: number } | null;
}

type PeerRun = ReferenceRun & PeerProcess;

/** One network to measure. */
export type ReferenceCase = Pick<Reference, "surrogate" | "width">;

interface Setting {
  readonly of: Reference;
  readonly measure: "training" | "inference";
  readonly threads: number;
  readonly repeats: number;
}

/** Repeats per turn: a step of the widest network lasts seconds. */
const REPEATS: Readonly<Record<Width, number>> = { 128: 9, 256: 5, 512: 3 };
/** Steps whose losses are compared. */
const COMPARED_STEPS = 5;

/**
 * Attention draws other random numbers on each side, and BatchNorm sees micro-batches here and the whole batch in PyTorch. Over 1024
 * answers, first losses of about 2.36 were at most 0.013 apart, those of five steps 0.02, and densities of the last block 0.0025. Half
 * of what is allowed, so that a day with other kernels of PyTorch passes.
 */
const BY_CHANCE = "attention draws other random numbers, and BatchNorm sees micro-batches on one side";
export const TOLERANCES: Tolerances = {
  "squares of the weights": { within: 1e-6, relative: true, because: "the sum is rounded in another order" },
  "first losses": { within: 0.04, because: BY_CHANCE },
  "attention density": { within: 0.005, because: BY_CHANCE },
  "hidden density": { within: 0.005, because: BY_CHANCE },
};

/**
 * Both on one thread, and with the sigmoid also on two, alternating; and the ratio of their CPU times on one thread and of the
 * faster wall times.
 */
export function compareWithPeer(
  measure: "training" | "inference",
  cases: readonly ReferenceCase[],
  { quick, record = false }: BenchOptions,
): Pick<Section, "rows" | "notes"> {
  const rows: Row[] = [];
  const notes: string[] = [];
  const peer = !quick && hasPeer();
  for (const { surrogate, width } of cases) {
    const own: ReferenceRun[] = [];
    const peers: PeerRun[] = [];
    const name = `${describeWidth(width)}, ${surrogate}`;
    for (const threads of !record && surrogate === "sigmoid" && availableParallelism() > 1 ? [1, 2] : [1]) {
      const setting: Setting = {
        of: reference({ surrogate, width }),
        measure,
        threads,
        repeats: quick ? 3 : REPEATS[width],
      };
      const suffix = `${name}, ${threads} thread${threads > 1 ? "s" : ""}`;
      const first = runOwn(setting);
      // Threads change no bit.
      if (own.length > 0) requireSameWork(suffix, side("one thread", own[0]), side(`${threads} threads`, first));
      if (peer) {
        const other = runReferencePeer(setting);
        requireSameWork(suffix, side("xpikeformer", first), side("PyTorch", other), TOLERANCES);
        own.push({ ...first, samples: joinSamples(first.samples, runOwn(setting).samples) });
        peers.push(other);
        rows.push(describe(`PyTorch, ${suffix}`, other));
      } else own.push(first);
      rows.push(describe(`xpikeformer, ${suffix}`, own[own.length - 1]));
    }
    if (peer) notes.push(...compare(name, own, peers));
  }
  if (!peer && !quick) notes.push(MISSING_PEER);
  return { rows, notes };
}

const side = (name: string, { work, losses, densities }: ReferenceRun): Side => ({
  name,
  work: {
    ...work,
    "first losses": losses.slice(0, COMPARED_STEPS),
    ...(densities && { "attention density": densities.attention, "hidden density": densities.hidden }),
  },
});

function describe(name: string, { samples, losses, residentMegabytes, densities }: ReferenceRun): Row {
  return {
    name,
    samples,
    figures: {
      "prompts/s": BATCH / (median(samples.wall) / 1000),
      "peak MB": residentMegabytes,
      ...(densities === null
        ? { losses: printLosses(losses) }
        : { "attention density": densities.attention, "hidden density": densities.hidden }),
    },
  };
}

const printLosses = (losses: readonly number[]): string =>
  losses
    .slice(0, COMPARED_STEPS)
    .map((loss) => loss.toFixed(3))
    .join(" ");

function compare(name: string, own: readonly ReferenceRun[], peers: readonly PeerRun[]): string[] {
  const fastest = (runs: readonly ReferenceRun[]) => Math.min(...runs.map(({ samples }) => median(samples.wall)));
  const oneThread = (runs: readonly ReferenceRun[]) => median(runs[0].samples.cpu);
  return [
    `${name}: ${printNumber(oneThread(peers) / oneThread(own))} times as fast as PyTorch by CPU time on one thread; ` +
      `${printNumber(fastest(peers) / fastest(own))} times by wall time, each with its best number of threads.`,
    ...peerNotes(peers[0]),
  ];
}

const runOwn = (setting: Setting): ReferenceRun => JSON.parse(runProcess(flags(setting)));

function runProcess(words: readonly string[]): string {
  const script = fileURLToPath(new URL("./reference-process.js", import.meta.url));
  return execFileSync(process.execPath, [script, ...words], { encoding: "utf8" });
}

function runReferencePeer(setting: Setting): PeerRun {
  const { measure, threads, repeats } = setting;
  return runPeer<ReferenceRun>(
    "training_step.py",
    ["--measure", measure, "--repeats", `${repeats}`],
    threads,
    (folder) => runProcess([...flags(setting), "--export", folder]),
  );
}

const flags = (setting: Setting): string[] =>
  Object.entries(setting).flatMap(([name, value]) => [`--${name}`, name === "of" ? JSON.stringify(value) : `${value}`]);
