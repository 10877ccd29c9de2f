/** The files written for a peer: `case.json` describes the layout of `case.bin`, consecutive float32 arrays. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Elements from the start of `case.bin`. */
export interface ArrayPlace {
  readonly at: number;
  readonly shape: readonly number[];
}

export interface CaseWriter {
  /** The position of an array with this shape. */
  place(data: Float32Array, ...shape: number[]): ArrayPlace;
  write(folder: string, document: object): void;
}

export function createCaseWriter(): CaseWriter {
  const pieces: Float32Array[] = [];
  let length = 0;
  return {
    place(data, ...shape) {
      pieces.push(data);
      length += data.length;
      return { at: length - data.length, shape };
    },
    write(folder, document) {
      const bytes = pieces.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
      writeFileSync(join(folder, "case.json"), JSON.stringify(document));
      writeFileSync(join(folder, "case.bin"), Buffer.concat(bytes));
    },
  };
}

/** What every peer reports about its process. */
export interface PeerProcess {
  readonly torch: string;
  /** Instruction set that torch.compile uses; empty if the peer ran without it. */
  readonly vectorCode: string;
  readonly residentMegabytes: number;
  readonly matrixProductGflops: number;
}

const PYTHON = "/usr/bin/python3";
/** On one core, a tuned BLAS is far above this, the reference BLAS far below. */
const TUNED_BLAS_GFLOPS = 20;

/** Lets `write` fill a folder with a case and runs a script of `peers/` on it; BLAS and OpenMP get as many threads as PyTorch. */
export function runPeer<Run>(
  script: string,
  flags: readonly string[],
  threads: number,
  write: (folder: string) => void,
): Run & PeerProcess {
  const path = scriptOf(script);
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-bench-"));
  try {
    write(folder);
    return askPython([path, "--folder", folder, "--threads", `${threads}`, ...flags], threads);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const scriptOf = (name: string): string => fileURLToPath(new URL(`../../bench/peers/${name}`, import.meta.url));

/** What a script of `peers/` prints. */
function askPython<Answer>(words: readonly string[], threads: number): Answer {
  const env = {
    ...process.env,
    OMP_NUM_THREADS: `${threads}`,
    OPENBLAS_NUM_THREADS: `${threads}`,
    // OpenBLAS chooses its kernels by the processor, not by what a shell happens to set.
    OPENBLAS_CORETYPE: undefined,
    OPENBLAS_L2_SIZE: undefined,
    PYTHONDONTWRITEBYTECODE: "1",
    // Code from torch.compile is linked without the library of its vector functions.
    LD_PRELOAD: "libsleef.so.3",
    // Large arrays stay in the process instead of being returned to the system; fresh pages would cost a fault each.
    MALLOC_MMAP_THRESHOLD_: "1000000000",
    MALLOC_TRIM_THRESHOLD_: "10000000000",
  };
  return JSON.parse(execFileSync(PYTHON, words, { encoding: "utf8", env }));
}

/** The peer as a record wants it. Throws if PyTorch is missing, or slower than it can be. */
export function requireFastPeer(): PeerProcess {
  if (!hasPeer()) throw new Error(MISSING_PEER);
  const peer = askPython<PeerProcess>([scriptOf("support.py")], 1);
  const [about, ...remarks] = peerNotes(peer);
  if (remarks.length > 0) throw new Error(`A record needs PyTorch at its best.\n${[about, ...remarks].join("\n")}`);
  return peer;
}

export function hasPeer(): boolean {
  try {
    execFileSync(PYTHON, ["-c", "import torch"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** How PyTorch ran, and remarks if it could be faster. */
export function peerNotes({ torch, vectorCode, matrixProductGflops }: PeerProcess): string[] {
  const notes = [
    `PyTorch ${torch} multiplies matrices at ${Math.round(matrixProductGflops)} GFLOP/s on one thread; ` +
      (vectorCode === "" ? "not compiled." : `compiled for ${vectorCode}.`),
  ];
  if (matrixProductGflops < TUNED_BLAS_GFLOPS) {
    notes.push("That is the reference BLAS; `apt install libopenblas0-openmp` makes PyTorch much faster.");
  }
  if (vectorCode === "") {
    notes.push(
      "torch.compile makes no vector code here; `apt install libtorch-dev g++ python3-dev libsleef-dev` lets it, and PyTorch is faster.",
    );
  }
  return notes;
}

export const MISSING_PEER =
  "No PyTorch to compare with: `apt install python3-torch libtorch-dev libopenblas0-openmp g++ python3-dev libsleef-dev` (Debian) adds it.";
