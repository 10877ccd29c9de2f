/**
 * `npm run bench` prints times next to each other only for the same work: what our side reads from its memory, against the files
 * that it hands to PyTorch. `bench/peers/training_step.py` computes the figures of `workOfCase` from its tensors.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attention } from "../bench/attention.ts";
import { type ChipCase, describeCase, exportCase, randomCase } from "../bench/chip-model.ts";
import { convolution } from "../bench/convolution.ts";
import { exportProducts, measureShape, TOLERANCES as PRODUCT_TOLERANCES, type Shape } from "../bench/gemm.ts";
import type { ArrayPlace } from "../bench/peer-files.ts";
import { referenceJobs } from "../bench/reference-job.ts";
import { exportReference, type Reference, reference } from "../bench/reference-model.ts";
import { TOLERANCES } from "../bench/reference-run.ts";
import { openReference } from "../bench/reference-steps.ts";
import { checksum, requireSameWork, UnlikeWork, type Work } from "../bench/same-work.ts";
import { TOLERANCES as CHIP_TOLERANCES } from "../bench/simulation.ts";
import { inlineExecutor } from "../src/threads/executor.ts";

/** What a case hands over to a peer: its document, and its arrays by their place. */
function handOver<Document>(write: (folder: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-same-work-"));
  try {
    write(folder);
    const document: Document = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
    const bytes = readFileSync(join(folder, "case.bin"));
    const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const read = ({ at, shape }: ArrayPlace) => floats.subarray(at, at + lengthOf(shape));
    return { document, read };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const lengthOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

interface Case {
  readonly sizes: Readonly<Record<"depth" | "heads" | "tokens", number>>;
  readonly parameters: Readonly<Record<string, ArrayPlace>>;
  readonly inputs: ArrayPlace;
  readonly labels: ArrayPlace;
}

/** Of a case as it was handed over; only the head has an offset and no BatchNorm. */
function workOfCase(of: Reference): Work {
  const { document, read } = handOver<Case>((folder) => exportReference(of, folder));
  const { sizes, parameters, inputs, labels } = document;
  const [steps, prompts, tokens, lines] = inputs.shape;
  const classes = parameters["head.weight"]!.shape[1]!;
  const [ones, places] = checksum(read(inputs));
  const answers = read(labels);
  const learned = Object.keys(parameters).filter((name) => !/\.(mean|variance)$/.test(name));
  const weights = learned.filter((name) => name.endsWith(".weight"));
  return {
    ...({ steps, prompts, tokens, inputs: lines, classes, depth: sizes.depth, heads: sizes.heads } as Work),
    "pairs of tokens that attend": (sizes.tokens * (sizes.tokens + 1)) / 2,
    ...{ "ones of the inputs": ones, "places of the ones": places, labels: answers.length },
    "places of the labels": answers.reduce((sum, label, row) => sum + row * classes + label + 1, 0),
    "learned parameters": learned.reduce((sum, name) => sum + read(parameters[name]!).length, 0),
    "squares of the weights": weights.reduce((sum, n) => read(parameters[n]!).reduce((s, w) => s + w * w, sum), 0),
  };
}

const ownWork = (of: Reference) => openReference(of, 1, inlineExecutor(referenceJobs)).describe();
const compare = async (ours: Reference, handed: Reference) =>
  requireSameWork(
    "a step",
    { name: "xpikeformer", work: await ownWork(ours) },
    { name: "PyTorch", work: workOfCase(handed) },
    TOLERANCES,
  );

test("our side trains the network, inputs and labels that it hands over", async () => {
  const of = reference();
  const own = await ownWork(of);
  expect(own).toMatchObject({ tokens: of.tokens, inputs: of.inputs, classes: of.classes, prompts: 32, steps: 4 });
  await expect(compare(of, of)).resolves.toBeUndefined();
});

test.each([
  ["geometry", { inputs: 96 }, /inputs: 128 in xpikeformer, 96 in PyTorch/],
  ["number of classes", { classes: 16 }, /classes: 10 in xpikeformer, 16 in PyTorch/],
  ["number of tokens", { tokens: 37 }, /tokens: 32 in xpikeformer, 37 in PyTorch/],
  ["size", { width: 256 }, /depth: 2 in xpikeformer, 4 in PyTorch/],
  ["density", { density: 0.26 }, /ones of the inputs: \d+ in xpikeformer, \d+ in PyTorch/],
  ["seed", { seed: 2 }, /squares of the weights: [\d.]+ in xpikeformer, [\d.]+ in PyTorch, [\de.-]+ apart/],
] as const)("another %s on one side is refused, with both values", async (_, change, message) => {
  await expect(compare(reference(), reference(change))).rejects.toThrow(message);
});

interface HandedChip {
  readonly model: Readonly<Record<"steps" | "depth" | "heads", number>>;
  readonly queries: readonly number[];
  readonly mask: ArrayPlace;
  readonly layers: readonly { readonly blocks: readonly Readonly<Record<"plus" | "minus", ArrayPlace>>[] }[];
  readonly inputs: readonly ArrayPlace[];
}

/** Of a chip with one slice of prompts, as it was handed over: the figures that `bench/peers/chip_evaluation.py` reports before it runs. */
function workOfChip(of: ChipCase): Work {
  const { document, read } = handOver<HandedChip>((folder) => exportCase(of, folder));
  const { model, queries, mask, layers, inputs } = document;
  const [steps, prompts, tokens, lines] = inputs[0]!.shape;
  const [ones, places] = checksum(read(inputs[0]!));
  const sides = layers.flatMap(({ blocks }) => blocks.flatMap(({ plus, minus }) => [plus, minus]));
  return {
    ...({
      steps,
      depth: model.depth,
      heads: model.heads,
      prompts,
      tokens,
      inputs: lines,
      queries: queries.length,
    } as Work),
    "pairs of tokens that attend": checksum(read(mask))[0],
    ...{ "ones of the inputs": ones, "places of the ones": places },
    conductances: sides.reduce((sum, { shape }) => sum + lengthOf(shape), 0),
    "sum of the conductances": sides.reduce((sum, place) => sum + checksum(read(place))[0], 0),
  };
}

const SMALL_CHIP = { preset: "paper-2x2-small", model: { width: 64, depth: 1, heads: 2, steps: 3 } } as const;
const compareChips = (handed: ChipCase) =>
  requireSameWork(
    "a chip",
    { name: "xpikeformer", work: describeCase(randomCase(SMALL_CHIP)) },
    { name: "PyTorch", work: workOfChip(handed) },
    CHIP_TOLERANCES,
  );

test("our side runs the chip and the prompts that it hands over", () => {
  expect(describeCase(randomCase(SMALL_CHIP))).toMatchObject({ tokens: 37, depth: 1, steps: 3, prompts: 1 });
  expect(() => compareChips(randomCase(SMALL_CHIP))).not.toThrow();
});

test.each([
  ["geometry", { task: { receiverBits: 5 } }, {}, /inputs: \d+ in xpikeformer, \d+ in PyTorch/],
  ["number of tokens", { task: { pilots: 17 } }, {}, /tokens: 37 in xpikeformer, 35 in PyTorch/],
  ["density", {}, { density: 0.26 }, /ones of the inputs: \d+ in xpikeformer, \d+ in PyTorch/],
  ["seed", {}, { seed: 2 }, /sum of the conductances: [\d.]+ in xpikeformer, [\d.]+ in PyTorch, [\de.-]+ apart/],
] as const)("a chip with another %s on one side is refused, with both values", (_, document, random, message) => {
  expect(() => compareChips(randomCase({ ...SMALL_CHIP, ...document }, random))).toThrow(message);
});

const PRODUCT: Shape = { name: "a product", m: 24, n: 16, k: 40 };

/** Of a product as it was handed over, multiplied out. */
function workOfProduct(shape: Shape, seed: number): Work {
  const { document, read } = handOver<{ readonly products: readonly HandedProduct[] }>((folder) =>
    exportProducts([shape], folder, seed),
  );
  const [{ a, b, transposeA, transposeB }] = document.products as [HandedProduct];
  const element = ({ shape: [, columns] }: ArrayPlace, values: Float32Array, isTransposed: boolean) =>
    isTransposed
      ? (r: number, c: number) => values[c * columns! + r]!
      : (r: number, c: number) => values[r * columns! + c]!;
  const [left, right] = [element(a, read(a), transposeA), element(b, read(b), transposeB)];
  const [m, k] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const n = b.shape[transposeB ? 0 : 1]!;
  const product = Float64Array.from({ length: m * n }, (_, i) => {
    let sum = 0;
    for (let l = 0; l < k; l++) sum += left(Math.floor(i / n), l) * right(l, i % n);
    return sum;
  });
  return { m, n, k, squares: product.reduce((sum, x) => sum + x * x, 0), "first row": product.subarray(0, n) };
}

interface HandedProduct {
  readonly a: ArrayPlace;
  readonly b: ArrayPlace;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const compareProducts = async (shape: Shape, handed: Shape, seed = 1) =>
  requireSameWork(
    shape.name,
    { name: "xpikeformer", work: (await measureShape(shape, 1)).work },
    { name: "PyTorch", work: workOfProduct(handed, seed) },
    PRODUCT_TOLERANCES,
  );

test.each([{}, { transposeA: true }, { transposeB: true }])(
  "our side multiplies the factors that it hands over: %o",
  async (how) => {
    const shape = { ...PRODUCT, ...how };
    await expect(compareProducts(shape, shape)).resolves.toBeUndefined();
  },
);

test("a product of another size, or of other factors, is refused", async () => {
  await expect(compareProducts(PRODUCT, { ...PRODUCT, k: 36 })).rejects.toThrow("k: 40 in xpikeformer, 36 in PyTorch");
  await expect(compareProducts(PRODUCT, PRODUCT, 2)).rejects.toThrow(
    /squares: [\d.]+ in xpikeformer, [\d.]+ in PyTorch/,
  );
});

test("tiles and windows of a convolution give the same answers, gradients added to what was there included", async () => {
  const { rows } = await convolution({ quick: true });
  expect(rows.map(({ name }) => name.split(",")[0])).toEqual(["map", "gradient of the weights", "gradient of the map"]);
});

test("attention runs in every kind, forward and backward", async () => {
  const { rows } = await attention({ quick: true });
  const kinds = ["independent draws", "stratified draws", "unsampled", "LIF"];
  const expected = kinds.flatMap((kind) => ["forward", "backward"].map((pass) => `32 tokens, ${kind}, ${pass}`));
  expect(rows.map(({ name }) => name)).toEqual(expected);
});

test("other inputs with as many ones, and other labels, have other checksums", () => {
  expect(checksum([1, 0, 1, 1])).toEqual([3, 8]);
  expect(checksum([1, 1, 0, 1])).toEqual([3, 7]);
  expect(checksum([1, 0], (i) => 10 * i + 5)).toEqual([1, 6]);
});

/** The message of a refusal; null if both sides pass. */
function refusal(one: Work, other: Work): string | null {
  try {
    const within = { losses: { within: 0.04, because: "attention draws other numbers" } };
    requireSameWork("a step", { name: "ours", work: one }, { name: "theirs", work: other }, within);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(UnlikeWork);
    return (error as Error).message;
  }
}

test("losses may differ within their tolerance, which the refusal names with its reason", () => {
  expect(refusal({ losses: [2.35, 2.31] }, { losses: [2.36, 2.28] })).toBeNull();
  expect(refusal({ losses: [2.35, 2.651] }, { losses: [2.36, 2.357] })).toContain(
    "losses: 2.65100 in ours, 2.35700 in theirs (number 2; 1 of 2 differ), 0.294000 apart where 0.0400000 is allowed because attention " +
      "draws other numbers",
  );
});

test("every difference is named, and a figure that one side lacks or cannot compute is one", () => {
  const message = refusal(
    { tokens: 37, inputs: 24, losses: [2] },
    { tokens: 32, inputs: 24, labels: 3, losses: [2, 2] },
  );
  expect(message).toContain("tokens: 37 in ours, 32 in theirs");
  expect(message).toContain("labels: ours does not report it");
  expect(message).toContain("losses: 1 numbers in ours, 2 in theirs");
  expect(message).not.toContain("inputs:");
  expect(refusal({ losses: [Number.NaN] }, { losses: [2] })).toContain("NaN in ours");
});
