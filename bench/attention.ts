/** Attention of one block, forward and backward: the stochastic kinds and LIF attention, at two prompt lengths. */
import { transformerSpec } from "../src/experiment/model.ts";
import { type Arena, countingArena, reserveBits } from "../src/kernels/arena.ts";
import { attentionScratch, bindAttention, planAttention } from "../src/kernels/attention.ts";
import { bitMask, maskWords } from "../src/kernels/masks.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import type { Geometry } from "../src/model/geometry.ts";
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Row, type Section } from "./harness.ts";
import { randomBits } from "./reference-model.ts";

interface Kind {
  readonly name: string;
  readonly attention:
    | { readonly kind: "lif" }
    | { readonly kind: "stochastic"; readonly draws: "independent" | "stratified" };
  readonly mode: "sampled" | "expected";
}

const KINDS: readonly Kind[] = [
  { name: "independent draws", attention: { kind: "stochastic", draws: "independent" }, mode: "sampled" },
  { name: "stratified draws", attention: { kind: "stochastic", draws: "stratified" }, mode: "sampled" },
  { name: "unsampled", attention: { kind: "stochastic", draws: "stratified" }, mode: "expected" },
  { name: "LIF", attention: { kind: "lif" }, mode: "sampled" },
];
const PROMPTS = 8;
const WIDTH = 128;
const HEADS = 2;
const STEPS = 4;
const DENSITY = 0.15;

export async function attention({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  for (const tokens of quick ? [32] : [32, 128]) {
    for (const kind of KINDS) rows.push(...(await measureKind(kind, tokens, quick ? 3 : 9)));
  }
  const about = `${PROMPTS} prompts, ${STEPS} steps, ${HEADS} heads of ${WIDTH / HEADS}, causal, density ${DENSITY}, one thread.`;
  return { name: "attention", about, rows, notes: [] };
}

async function measureKind({ name, attention, mode }: Kind, tokens: number, repeats: number): Promise<Row[]> {
  const model = transformerSpec.parse({ width: WIDTH, heads: HEADS, steps: STEPS, attention });
  const how = { attention: model.attention, neuron: model.neuron, surrogate: model.surrogate };
  const shape = { how, heads: HEADS, dimension: WIDTH / HEADS, tokens, steps: STEPS };
  const cells = STEPS * PROMPTS * tokens;
  const plan = (arena: Arena) => ({
    layout: planAttention(arena, shape, { maxPrompts: PROMPTS, mode }),
    mask: arena.words(tokens * maskWords(tokens)),
    scratch: arena.words(attentionScratch(shape, true)),
    qkv: reserveBits(arena, cells, 3 * WIDTH),
    dA: arena.words(cells * WIDTH),
    dQkv: arena.words(cells * 3 * WIDTH),
  });
  const counting = countingArena();
  plan(counting);
  const { kernels, arena } = standaloneKernels(counting.used);
  const { layout, mask, scratch, qkv, dA, dQkv } = plan(arena);
  kernels.write(mask, bitMask(causal(tokens)));
  const pass = bindAttention(kernels, layout, shape, { block: 0, mask, scratch });
  const random = stream(1);
  kernels.write(qkv.at, randomBits(cells * qkv.words, DENSITY, random.word));
  for (let i = 0; i < cells * WIDTH; i++) kernels.f32[dA / 4 + i] = random.uniform() - 0.5;
  const source = { key: [1, 2] as const, firstPrompt: 0 };

  const forward = await measure(() => pass.forward(qkv, PROMPTS, source), { repeats });
  const backward = await measure(() => pass.backward(dA, qkv, PROMPTS, dQkv), { repeats });
  const matrices = STEPS * PROMPTS * HEADS;
  const figures = (cpu: readonly number[]) => ({ "us per head and step": (1000 * median(cpu)) / matrices });
  return [
    { name: `${tokens} tokens, ${name}, forward`, samples: forward, figures: figures(forward.cpu) },
    { name: `${tokens} tokens, ${name}, backward`, samples: backward, figures: figures(backward.cpu) },
  ];
}

function causal(tokens: number): Geometry {
  const mask = Uint8Array.from({ length: tokens * tokens }, (_, cell) =>
    cell % tokens <= Math.floor(cell / tokens) ? 1 : 0,
  );
  return { inputs: 1, tokens, classes: 2, mask, queries: Int32Array.of(tokens - 1) };
}
