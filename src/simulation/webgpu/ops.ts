/**
 * What a pass of a chip in whole numbers asks of a backend, on a GPU: twin of the same operations in `kernels/wasm/`. Operations record
 * kernels, and return numbers as `webgpu/commands.ts` explains.
 */
import { LFSR_SETUP } from "../../hardware/draws.ts";
import type { Place } from "../../kernels/arena.ts";
import { maskWords } from "../../kernels/masks.ts";
import type { SampledAttention } from "../../kernels/ops.ts";
import { poolEdge } from "../../model/max-pool.ts";
import { pixels } from "../../model/stem.ts";
import type { Commands } from "../../webgpu/commands.ts";
import { gridOver, type Kernel } from "../../webgpu/kernel.ts";
import type { SamplingOps } from "../fast/attention.ts";
import type { PassOps } from "../fast/backend.ts";
import type { WholeOps } from "../fast/digital.ts";
import { outputsKernel, scoresKernel } from "./kernels/attention.ts";
import { COUNT_BITS, GATHER_TOKENS, POOL_BITS, WINDOWS, WIRE_BITS } from "./kernels/bits.ts";
import { CLOCK_REGISTERS, type DrawSource, IDEAL_DRAWS, LFSR_DRAWS, ORDERED_DRAWS } from "./kernels/draws.ts";
import { NEURONS } from "./kernels/neurons.ts";
import { JOIN, JOIN_BITS } from "./kernels/stream.ts";
import type { GpuMemory } from "./memory.ts";

export type GpuOps = PassOps & WholeOps & SamplingOps;

/** Kernels of attention by the source of their draws, compiled once. */
const ATTENTION = new Map(
  [LFSR_DRAWS, IDEAL_DRAWS, ORDERED_DRAWS].map((draws) => [
    draws,
    { scores: scoresKernel(draws), outputs: outputsKernel(draws) },
  ]),
);

export function gpuOps(commands: Commands, memory: GpuMemory): GpuOps {
  const at = memory.arrayAt;
  /** Read where a kernel names an array that the call does not have. */
  const nothing = commands.array(4);

  /** A call for every one of `count` items. */
  function each<N extends string, A extends string>(
    kernel: Kernel<N | "count", A>,
    count: number,
    numbers: Readonly<Record<Exclude<N, "count">, number>>,
    arrays: Readonly<Record<A, GPUBuffer>>,
  ): void {
    if (count === 0) return;
    const all = { ...numbers, count } as unknown as Record<N | "count", number>;
    commands.call<N | "count", A>(kernel, all, arrays, gridOver(count, kernel.lanes));
  }

  const join = (
    target: Place,
    count: number,
    source: Place | null,
    period: number,
    { low, high }: { readonly low: number; readonly high: number },
  ): number =>
    commands.count((counter) =>
      each(
        JOIN,
        count,
        { period: source === null ? 0 : period, low, high, counter },
        { source: source === null ? nothing : at(source), joined: at(target) },
      ),
    );

  /** Scores, then outputs. Returns the sum of the counts of all scores. */
  function attend(of: SampledAttention, source: DrawSource, draws: GPUBuffer, drawn: Record<string, number>): number {
    const { qkv, out, steps, prompts, tokens, width, heads, mask, scores } = of;
    const { scoreGain, valueGain, scoreNormaliser, valueNormaliser } = of;
    const words = maskWords(tokens);
    const sizes = { prompts, tokens, heads, dimension: width / heads, qkvWords: qkv.words, maskWords: words };
    const own = { ...sizes, ...drawn, spread: of.draws === "independent" ? 0 : 1 } as Record<
      Exclude<keyof (typeof kernels)["outputs"]["numbers"], "normaliser" | "gainShift" | "outWords" | "count">,
      number
    >;
    const kernels = ATTENTION.get(source)!;
    const scored = { ...own, normaliser: scoreNormaliser, gainShift: Math.log2(scoreGain) };
    const increments = commands.count((counter) =>
      each(
        kernels.scores,
        steps * prompts * heads * tokens * words,
        { ...scored, counter },
        { qkv: at(qkv.at), mask: at(mask), draws, scores: at(scores) },
      ),
    );
    each(
      kernels.outputs,
      steps * prompts * tokens * out.words,
      { ...own, normaliser: valueNormaliser, gainShift: Math.log2(valueGain), outWords: out.words },
      { qkv: at(qkv.at), scores: at(scores), draws, attended: at(out.at) },
    );
    return increments;
  }

  /** States of registers in all windows, by their number of words. */
  const states = new Map<number, GPUBuffer>();
  function statesOf(words: number): GPUBuffer {
    const known = states.get(words) ?? commands.array(4 * words);
    states.set(words, known);
    return known;
  }

  return {
    write: (place, values) => {
      const { buffer, byte } = memory.within(place);
      const words = values.BYTES_PER_ELEMENT === 4 ? (values as Uint32Array) : Int32Array.from(values);
      commands.write(buffer, byte, words);
    },
    words: (place, count) => {
      const { buffer, byte } = memory.within(place);
      return commands.read(buffer, byte, count);
    },
    integers: (place, count) => {
      const { buffer, byte } = memory.within(place);
      return Int16Array.from(new Int32Array(commands.read(buffer, byte, count).buffer));
    },
    copy: (from, to, count) => {
      const [source, target] = [memory.within(from), memory.within(to)];
      commands.copy(source.buffer, source.byte, target.buffer, target.byte, 4 * count);
    },
    fill: (target, count, value) => {
      const { buffer, byte } = memory.within(target);
      commands.write(buffer, byte, new Int32Array(count).fill(value));
    },
    countBits: ({ at: bits, words }, rows) =>
      commands.count((counter) => each(COUNT_BITS, rows * words, { counter }, { bits: at(bits) })),
    gatherTokens: ({ source, prompts, tokens, width, chosen, target }) =>
      each(
        GATHER_TOKENS,
        prompts * chosen.count * width,
        { tokens, width, chosenTokens: chosen.count },
        { source: at(source), chosen: at(chosen.at), gathered: at(target) },
      ),
    wireBits: ({ source, rows, stride, repeats, target }) =>
      each(
        WIRE_BITS,
        rows * target.words,
        {
          features: source.features,
          sourceWords: source.words,
          lines: repeats * source.features,
          words: target.words,
          stride,
        },
        { source: at(source.at), wired: at(target.at) },
      ),
    gatherBitWindows: ({ map, images, size, windows }) =>
      each(
        WINDOWS,
        images * pixels(size.windows) * windows.words,
        {
          rows: size.grid.rows,
          columns: size.grid.columns,
          channels: size.channels,
          mapWords: map.words,
          kernel: size.kernel,
          stride: size.stride,
          windowRows: size.windows.rows,
          windowColumns: size.windows.columns,
          words: windows.words,
        },
        { map: at(map.at), windows: at(windows.at) },
      ),
    poolBits: ({ map, images, size, pooled }) =>
      each(
        POOL_BITS,
        images * pixels(size.pooled) * map.words,
        {
          words: map.words,
          height: size.windows.rows,
          line: size.windows.columns,
          rows: size.pooled.rows,
          columns: size.pooled.columns,
          pool: size.pool,
          window: size.poolWindow ?? size.pool,
          edge: poolEdge(size),
        },
        { map: at(map.at), pooled: at(pooled.at) },
      ),
    fireIntegers: ({ currents, steps, rows, leakShift, threshold, thresholds, reset, membrane, spikes }) =>
      commands.count((counter) => {
        const { features, words } = spikes;
        const sizes = { steps, rows, features, words };
        const neuron = {
          shift: leakShift,
          threshold,
          own: thresholds === null ? 0 : 1,
          soft: reset === "soft" ? 1 : 0,
        };
        commands.call(
          NEURONS,
          { ...sizes, ...neuron, low: membrane.low, high: membrane.high, counter },
          { currents: at(currents), thresholds: thresholds === null ? nothing : at(thresholds), bits: at(spikes.at) },
          gridOver(32 * rows * words, NEURONS.lanes),
        );
      }),
    joinIntegers: ({ target, source, count, register }) => join(target, count, source, count, register),
    joinPeriodicIntegers: ({ target, table, period, rows, columns, register }) =>
      join(target, rows * columns, table, period * columns, register),
    joinBitsIntegers: ({ bits, rows, value, target, register: { low, high } }) =>
      commands.count((counter) =>
        each(
          JOIN_BITS,
          rows * bits.features,
          { features: bits.features, words: bits.words, value, low, high, counter },
          { bits: at(bits.at), joined: at(target) },
        ),
      ),
    sampledAttention: ({ key, firstPrompt, ...of }) => {
      const source = of.draws === "ordered" ? ORDERED_DRAWS : IDEAL_DRAWS;
      return attend(of, source, nothing, { windows: 0, registers: 0, key0: key[0], key1: key[1], firstPrompt });
    },
    lfsrAttention: ({ registers: seeds, ...of }) => {
      const { steps, prompts, tokens, width, heads } = of;
      const registers = 2 * Math.ceil(tokens / 4);
      const windows = of.draws === "independent" ? steps + 1 : 1;
      const clocks = (windows * width) / heads;
      const tiles = prompts * heads;
      const clocked = statesOf(tiles * clocks * registers);
      commands.call(
        CLOCK_REGISTERS,
        { tiles, registers, clocks, mask: LFSR_SETUP.mask },
        { seeds: at(seeds), states: clocked },
        gridOver(tiles * registers, CLOCK_REGISTERS.lanes),
      );
      return attend(of, LFSR_DRAWS, clocked, { windows, registers, key0: 0, key1: 0, firstPrompt: 0 });
    },
  };
}
