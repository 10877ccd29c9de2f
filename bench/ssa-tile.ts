/**
 * The SSA tile in three versions: the kernel, the functional tile that it must equal, and the cycle model. Scores are cells that
 * the mask allows; a cell-cycle is one cell for one clock.
 */

import type { DrawKind } from "../src/experiment/attention.ts";
import { ssaSpec } from "../src/experiment/hardware.ts";
import { emptyTally } from "../src/hardware/actions.ts";
import { runClockedTile } from "../src/hardware/clocked-tile.ts";
import { idealDraws, LFSR_SETUP, lfsrDraws, lfsrSeeds, lfsrWiring } from "../src/hardware/draws.ts";
import { ssaParameters } from "../src/hardware/ssa-parameters.ts";
import { runSsaTile, ssaTileCycles } from "../src/hardware/ssa-tile.ts";
import { type Arena, countingArena } from "../src/kernels/arena.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import { sampledScratch } from "../src/kernels/wasm/attention-ops.ts";
import { stream } from "../src/numeric/stream.ts";
import { emptySpikeTrain, type SpikeTrain } from "../src/spike/train.ts";
import { type BenchOptions, measure, median, type Row, type Section } from "./harness.ts";
import { requireSameWork } from "./same-work.ts";

const STEPS = 8;
const DENSITY_WORDS = 2;
const PLACE = { key: stream(3).key, block: 0, prompt: 0, head: 0 };

interface Size {
  readonly tokens: number;
  readonly dimension: number;
}

export async function ssaTile({ quick }: BenchOptions): Promise<Section> {
  const sizes: readonly Size[] = quick
    ? [{ tokens: 37, dimension: 16 }]
    : [
        { tokens: 16, dimension: 64 },
        { tokens: 37, dimension: 16 },
        { tokens: 64, dimension: 64 },
        { tokens: 197, dimension: 64 },
      ];
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const size of sizes) {
    for (const kind of ["ideal", "lfsr"] as const) {
      const { rows: measured, ratio } = await measureTile(size, kind, "stratified", quick ? 3 : 7);
      rows.push(...measured);
      notes.push(
        `${title(size)}, ${kind} draws: the kernel is ${Math.round(ratio)} times as fast as the functional tile.`,
      );
    }
  }
  const about = `One head, ${STEPS} steps, no mask, density 0.25, stratified draws, one thread.`;
  return { name: "ssa-tile", about, rows, notes };
}

const title = ({ tokens, dimension }: Size) => `${tokens} tokens x ${dimension}`;

async function measureTile(size: Size, kind: "ideal" | "lfsr", draws: DrawKind, repeats: number) {
  const { tokens, dimension } = size;
  const shape = { steps: STEPS, tokens, dimension };
  const mask = new Uint8Array(tokens ** 2).fill(1);
  const request = { tokens, dimension, mask, scoreGain: 1, valueGain: 1, draws };
  const parameters = ssaParameters(ssaSpec.parse({ random: "lfsr" }), request);
  const [query, key, value] = ["query", "key", "value"].map((name) => randomTrain(size, name));
  const registers = lfsrWiring(LFSR_SETUP.sharing, tokens).registers;
  const seeds = lfsrSeeds(registers, stream(2));
  const numbers = () => (kind === "ideal" ? idealDraws(shape, draws, PLACE) : lfsrDraws(shape, draws, stream(2)));
  const functional = () => runSsaTile(query, key, value, parameters, numbers(), emptyTally());
  const source = kind === "ideal" ? { draws: numbers() } : { seeds };
  const clocked = () => runClockedTile(query, key, value, parameters, source, emptyTally());
  const { whole: kernel, scoresAlone } = kernelOf(size, kind, draws, [query, key, value], seeds);

  const expected = { name: "the functional tile", work: { spikes: functional().output.words } };
  for (const [side, spikes] of [
    ["the kernel", kernel()],
    ["the cycle model", clocked().output.words],
  ] as const) {
    requireSameWork(`${title(size)}, ${kind} draws`, expected, { name: side, work: { spikes } });
  }

  const scores = STEPS * tokens ** 2;
  // V8 recompiles a kernel after some calls; short ones need many.
  const fast = await measure(kernel, { repeats, warmUp: 100 });
  const half = await measure(scoresAlone, { repeats, warmUp: 100 });
  const slow = await measure(functional, { repeats, warmUp: 1 });
  const cycles = await measure(clocked, { repeats, warmUp: 1 });
  const cellCycles = tokens ** 2 * ssaTileCycles(STEPS, dimension);
  const figures = (cpu: readonly number[]) => ({
    "us per step": (1000 * median(cpu)) / STEPS,
    "10^9 scores/s": scores / median(cpu) / 1e6,
  });
  const name = `${title(size)}, ${kind} draws`;
  const rows: Row[] = [
    { name: `${name}, kernel`, samples: fast, figures: figures(fast.cpu) },
    { name: `${name}, kernel, scores alone`, samples: half, figures: figures(half.cpu) },
    { name: `${name}, functional`, samples: slow, figures: figures(slow.cpu) },
    {
      name: `${name}, clock by clock`,
      samples: cycles,
      figures: { ...figures(cycles.cpu), "10^6 cell-cycles/s": cellCycles / median(cycles.cpu) / 1e3 },
    },
  ];
  return { rows, ratio: median(slow.cpu) / median(fast.cpu) };
}

/** The kernel on its own memory: a function that returns the words of A, and one that only samples S. */
function kernelOf(
  { tokens, dimension }: Size,
  kind: "ideal" | "lfsr",
  draws: DrawKind,
  trains: readonly SpikeTrain[],
  seeds: Uint32Array,
): { readonly whole: () => Uint32Array; readonly scoresAlone: () => void } {
  const maskWords = 2 * Math.ceil(tokens / 64);
  const headWords = Math.ceil(dimension / 32);
  const qkvWords = Math.ceil((3 * dimension) / 32);
  const plan = (arena: Arena) => ({
    qkv: arena.words(STEPS * tokens * qkvWords + 2),
    mask: arena.words(tokens * maskWords),
    registers: arena.words(seeds.length),
    scores: arena.words(STEPS * tokens * maskWords),
    out: arena.words(STEPS * tokens * headWords + 2),
    scratch: arena.words(sampledScratch(tokens)),
  });
  const counting = countingArena();
  plan(counting);
  const { kernels, arena } = standaloneKernels(counting.used);
  const at = plan(arena);
  const { u32, run } = kernels;
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) u32[at.mask / 4 + i * maskWords + (j >> 5)] |= 1 << (j & 31);
  }
  for (let row = 0; row < STEPS * tokens; row++) {
    trains.forEach(({ words }, part) => {
      for (let f = 0; f < dimension; f++) {
        const bit = (words[row * headWords + (f >> 5)] >>> (f & 31)) & 1;
        const place = part * dimension + f;
        u32[at.qkv / 4 + row * qkvWords + (place >> 5)] |= bit << (place & 31);
      }
    });
  }
  const input = [at.qkv, qkvWords, STEPS, 1, tokens, dimension, 1, at.mask, dimension, 1, tokens, 1] as const;
  const [key0, key1] = PLACE.key;
  const words = () => u32.subarray(at.out / 4, at.out / 4 + STEPS * tokens * headWords);
  const sample = (out: number) => {
    const output = [draws === "stratified" ? 1 : 0, at.scores, out, headWords, at.scratch] as const;
    if (kind === "ideal") run.stochasticAttention(...input, key0, key1, 0, ...output);
    else {
      u32.set(seeds, at.registers / 4);
      run.lfsrAttention(...input, at.registers, ...output);
    }
  };
  const whole = () => {
    sample(at.out);
    return words();
  };
  return { whole, scoresAlone: () => sample(0) };
}

function randomTrain({ tokens, dimension }: Size, name: string): SpikeTrain {
  const train = emptySpikeTrain(STEPS, tokens, dimension);
  const random = stream(1).fork(name);
  const rest = dimension % 32 === 0 ? 0xffffffff : 2 ** (dimension % 32) - 1;
  const stride = Math.ceil(dimension / 32);
  for (let n = 0; n < train.words.length; n++) {
    let word = n % stride === stride - 1 ? rest : 0xffffffff;
    for (let k = 0; k < DENSITY_WORDS; k++) word &= random.word();
    train.words[n] = word;
  }
  return train;
}
