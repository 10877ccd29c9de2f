/**
 * A network as the bytes of a file: writing and reading.
 *
 * The file is in safetensors format. Its metadata describes the arrays: `format` ("xpikeformer-1"), `model` (the spec as JSON),
 * `geometry` (sizes, the mask as a string of 0 and 1, query tokens, read-out, pixel grid of a stem) and whatever the writer adds,
 * such as the training seed. `checksums` holds the CRC-32 of every array's float32 numbers and, as `metadata`, of all other
 * metadata, so a single flipped bit is detected. Reading checks that the arrays are exactly the parameters of that model on that
 * geometry, and then checks the checksums.
 */
import { z } from "zod";
import { FileError, SpecError, ValueError } from "../errors.ts";
import { withPresentNames } from "../experiment/earlier-names.ts";
import { parseJson, shorten } from "../experiment/json.ts";
import {
  type AnnSpec,
  type GraphSpec,
  isTransformer,
  type ModelSpec,
  modelSpec,
  type TransformerSpec,
} from "../experiment/model.ts";
import { crc32 } from "../numeric/checksum.ts";
import { fromHalf, toHalf } from "../numeric/half.ts";
import { type Geometry, MOST_TOKENS } from "./geometry.ts";
import { listedGeometry } from "./listed.ts";
import { type Network, parameterLayout, type Tensor } from "./network.ts";
import { logitsOf } from "./read-out.ts";
import { decodeSafetensors, encodeSafetensors, type NamedArray, type SafetensorsOptions } from "./safetensors.ts";
import { stemGeometry } from "./stem.ts";
import { graphOf } from "./transformer.ts";

const FORMAT = "xpikeformer-1";
const RESERVED = ["format", "model", "geometry", "checksums"];

/** A mask of 2048 tokens takes 4 million characters of metadata. */
const geometryDocument = z.strictObject({
  inputs: z.int().min(1).max(65536),
  tokens: z.int().min(1).max(MOST_TOKENS),
  classes: z.int().min(1).max(65536),
  answer: z.literal("numbers").optional(),
  queries: z.array(z.int().min(0)).min(1).max(MOST_TOKENS),
  copies: z.array(z.int().min(1).max(MOST_TOKENS)).max(MOST_TOKENS).optional(),
  mask: z.string().regex(/^[01]*$/),
  readOut: z.enum(["mean", "stream-mean"]).optional(),
  grid: z.strictObject({ rows: z.int().min(1).max(4096), columns: z.int().min(1).max(4096) }).optional(),
});

/**
 * The bytes of a checkpoint.
 *
 * `extra` is kept as further metadata.
 * Throws  ValueError when the network could not be read back: parameters that the model does not have, non-finite numbers, or
 *         metadata under a reserved name
 */
export function encodeCheckpoint(
  network: Network,
  extra: Readonly<Record<string, string>>,
  options: SafetensorsOptions = {},
): Uint8Array {
  const { model, geometry, parameters } = network;
  const refuse = (problem: string): never => {
    throw new ValueError("network", `The network cannot be saved: ${problem}`);
  };
  const reserved = RESERVED.find((key) => Object.hasOwn(extra, key));
  if (reserved) refuse(`the metadata key ${reserved} is reserved. Use another name.`);
  const written = {
    format: FORMAT,
    model: JSON.stringify(model),
    geometry: JSON.stringify({
      inputs: geometry.inputs,
      tokens: geometry.tokens,
      classes: geometry.classes,
      ...(geometry.answer && { answer: geometry.answer }),
      queries: Array.from(geometry.queries),
      ...(geometry.copies && { copies: Array.from(geometry.copies) }),
      mask: geometry.mask.join(""),
      ...(geometry.readOut && { readOut: geometry.readOut }),
      ...(geometry.grid && { grid: geometry.grid }),
    }),
  };
  const readable = readModel(written.model, refuse);
  checkParameters(readable, readGeometry(written.geometry, refuse), parameters, refuse);
  const metadata = { ...written, ...extra };
  const checksums = JSON.stringify(checksumsOf(parameters, metadata, options));
  return encodeSafetensors(parameters, { ...metadata, checksums }, options);
}

/** Checksums by array name, over the numbers as they are stored. */
function checksumsOf(
  parameters: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>>,
  { precision = "F32" }: SafetensorsOptions,
): Record<string, string> {
  const stored = (data: NamedArray["data"]) => (precision === "F16" ? data.map((x) => fromHalf(toHalf(x))) : data);
  const sums = Object.entries(parameters).map(([name, { data }]) => {
    const { buffer, byteOffset, byteLength } = stored(data);
    return [name, digits(crc32(new Uint8Array(buffer, byteOffset, byteLength)))] as const;
  });
  const texts = JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...Object.fromEntries(sums), metadata: digits(crc32(new TextEncoder().encode(texts))) };
}

const digits = (checksum: number): string => checksum.toString(16).padStart(8, "0");

/**
 * The network of a checkpoint, and the metadata that its writer added. `isChecked` is false for a file written before checksums
 * existed: damage to its numbers would go unnoticed.
 *
 * `path` names the file in error messages.
 * Throws  FileError when the file is not a checkpoint, or when its arrays do not fit the model that it names
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  path = "checkpoint",
): { network: Network; metadata: Record<string, string>; isChecked: boolean } {
  const { tensors, metadata: all } = decodeSafetensors(bytes, path);
  const fail = (problem: string): never => {
    throw new FileError(
      path,
      `The checkpoint contradicts itself: ${problem} Copy the file or train the network again.`,
    );
  };
  const { checksums, ...described } = all;
  const { format, model: modelText, geometry: geometryText, ...metadata } = described;
  if (format !== FORMAT) {
    const given = format === undefined ? "names no format" : `is of format ${shorten(format)}`;
    throw new FileError(
      path,
      `The file ${given}, but this version reads format "${FORMAT}". Name a network.safetensors that \`xpike train\` wrote, or ` +
        "import weights of another program with `xpike import`.",
    );
  }
  const model = readModel(modelText, fail);
  const geometry = readGeometry(geometryText, fail);
  checkParameters(model, geometry, tensors, fail);
  const isChecked = checksums !== undefined;
  if (isChecked) checkChecksums(readMetadata("checksums", checksums, fail), checksumsOf(tensors, described, {}), path);
  return { network: { model, geometry, parameters: tensors as Record<string, Tensor> }, metadata, isChecked };
}

function checkChecksums(saved: unknown, actual: Readonly<Record<string, string>>, path: string): void {
  const expected = z.record(z.string(), z.string()).safeParse(saved).data ?? {};
  for (const name of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
    if (Object.hasOwn(expected, name) && expected[name] === actual[name]) continue;
    throw new FileError(
      path,
      `The file is damaged: ${shorten(name)} has the checksum ${actual[name] ?? "of nothing"}, but its metadata has another. Copy it again; ` +
        "if the change was intended, remove `checksums` from the metadata.",
    );
  }
}

type Fail = (problem: string) => never;

function readModel(text: string | undefined, fail: Fail): ModelSpec {
  const result = modelSpec.safeParse(withPresentNames(readMetadata("model", text, fail)));
  return result.success ? result.data : fail(`the metadata \`model\` is not a model: ${firstIssue(result.error)}.`);
}

function readGeometry(text: string | undefined, fail: Fail): Geometry {
  const result = geometryDocument.safeParse(readMetadata("geometry", text, fail));
  if (!result.success) return fail(`the metadata \`geometry\` is not a geometry: ${firstIssue(result.error)}.`);
  const { inputs, tokens, classes, answer, queries, copies, mask, readOut, grid } = result.data;
  if (mask.length !== tokens * tokens) {
    fail(
      `the mask of ${tokens} tokens has ${mask.length} entries instead of ${tokens} x ${tokens} = ${tokens * tokens}.`,
    );
  }
  const disordered = queries.findIndex((token, i) => token >= tokens || (i > 0 && token <= queries[i - 1]));
  if (disordered >= 0) fail(`query ${disordered} is token ${queries[disordered]}; queries ascend below ${tokens}.`);
  if (readOut !== undefined && queries.length !== 1) {
    fail(`a mean over all tokens answers 1 query, but there are ${queries.length}.`);
  }
  checkCopies(result.data, fail);
  return {
    inputs,
    tokens,
    classes,
    ...(answer && { answer }),
    mask: Uint8Array.from(mask, Number),
    queries: Int32Array.from(queries),
    ...(copies && { copies: Int32Array.from(copies) }),
    ...(readOut && { readOut }),
    ...(grid && { grid }),
  };
}

function checkCopies({ tokens, queries, copies, readOut }: z.infer<typeof geometryDocument>, fail: Fail): void {
  if (!copies) return;
  if (readOut !== undefined) fail("a mean over all tokens has no copies of a query.");
  if (copies.length !== queries.length) fail(`there are ${queries.length} queries, but copies of ${copies.length}.`);
  const overlapping = queries.findIndex((query, i) => query + copies[i] > (queries[i + 1] ?? tokens));
  if (overlapping < 0) return;
  fail(
    `query ${overlapping} has the tokens ${queries[overlapping]} to ${queries[overlapping] + copies[overlapping] - 1}, but the next ` +
      `query, or the end, is at ${queries[overlapping + 1] ?? tokens}.`,
  );
}

function readMetadata(key: string, text: string | undefined, fail: Fail): unknown {
  if (text === undefined) return fail(`the metadata \`${key}\` is missing.`);
  try {
    // The file's header, which holds this text, is bounded already.
    return parseJson(text, key, text.length);
  } catch (error) {
    if (error instanceof SpecError) return fail(`the metadata \`${key}\` is not JSON. ${error.message}`);
    throw error;
  }
}

function firstIssue(error: z.ZodError): string {
  const { path, message } = error.issues[0];
  return `${path.join(".") || "the whole"}: ${message}`;
}

/** A geometry has a grid exactly when the model has a stem, and the stem leaves as many pixels as there are tokens. */
function checkStem({ stem }: TransformerSpec | AnnSpec, geometry: Geometry, fail: Fail): void {
  const { tokens, grid } = geometry;
  if (!stem && !grid) return;
  if (!stem || !grid) fail(`the model has ${stem ? "a" : "no"} stem, but the geometry ${grid ? "a" : "no"} grid.`);
  try {
    const left = stemGeometry(stem, geometry, grid).tokens;
    if (left !== tokens) fail(`the stem leaves ${left} pixels of the grid, but there are ${tokens} tokens.`);
  } catch (error) {
    if (error instanceof SpecError) fail(`the stem does not fit the grid. ${error.message}`);
    throw error;
  }
}

/** The operations of a list fit together, and leave as many rows as there are tokens. */
function checkListed(model: GraphSpec, geometry: Geometry, fail: Fail): void {
  try {
    const { tokens, grid } = listedGeometry(model, geometry, geometry.grid);
    if (tokens !== geometry.tokens || !grid !== !geometry.grid)
      fail(`its operations leave ${tokens} tokens, but the geometry has ${geometry.tokens}.`);
    graphOf({ model, geometry });
  } catch (error) {
    if (error instanceof SpecError) fail(`its operations do not fit the geometry. ${error.message}`);
    throw error;
  }
}

/** A bit read-out needs classes that are words of bits. */
function checkBits(model: ModelSpec, geometry: Geometry, fail: Fail): void {
  try {
    logitsOf({ model, geometry });
  } catch (error) {
    if (error instanceof SpecError) fail(error.message);
    throw error;
  }
}

/** The parameters are exactly those of the layout, each as float32 in the right shape. */
function checkParameters(
  model: ModelSpec,
  geometry: Geometry,
  tensors: Readonly<Record<string, NamedArray>>,
  fail: Fail,
): void {
  if (isTransformer(model)) checkStem(model, geometry, fail);
  else checkListed(model, geometry, fail);
  if (model.readOut === "bits") checkBits(model, geometry, fail);
  const layout = parameterLayout(model, geometry);
  for (const { name, shape } of layout) {
    if (!Object.hasOwn(tensors, name)) fail(`the parameter ${name} [${shape}] is missing.`);
    const tensor = tensors[name];
    if (tensor.shape.join() !== shape.join()) fail(`${name} has shape [${tensor.shape}] instead of [${shape}].`);
    if (!(tensor.data instanceof Float32Array)) fail(`${name} holds integers instead of floats.`);
  }
  const known = new Set(layout.map(({ name }) => name));
  const stranger = Object.keys(tensors).find((name) => !known.has(name));
  if (stranger !== undefined) fail(`${shorten(stranger)} is not a parameter of this ${model.kind} network.`);
}
