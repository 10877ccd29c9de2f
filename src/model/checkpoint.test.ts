// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stemmed, tinyGrid, tinyStem } from "../../test/support/tiny-stem.ts";
import { FileError, ValueError } from "../errors.ts";
import { type ModelSpec, modelSpec } from "../experiment/model.ts";
import { stream } from "../numeric/stream.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Geometry } from "./geometry.ts";
import { initialise, type Network } from "./network.ts";
import { decodeSafetensors, encodeSafetensors, type NamedArray } from "./safetensors.ts";

const geometry: Geometry = {
  inputs: 5,
  tokens: 3,
  classes: 4,
  mask: Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1),
  queries: Int32Array.of(0, 2),
};
const network = (model: object): Network => initialise(modelSpec.parse(model), geometry, stream(1).fork("network"));
const spiking = network({ kind: "spiking", width: 8, heads: 2, depth: 2, position: "learned" });
const ann = network({ kind: "ann", width: 8, heads: 2, depth: 1 });

const messageOf = (bytes: Uint8Array): string => {
  try {
    decodeCheckpoint(bytes, "c.safetensors");
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    expect(error.path).toBe("c.safetensors");
    return error.message;
  }
  return "accepted";
};

/** The checkpoint of `spiking` with its arrays or metadata changed. */
function altered(change: {
  tensors?: Record<string, NamedArray | undefined>;
  metadata?: Record<string, string | undefined>;
}) {
  const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(spiking, {}));
  const present = <T>(entries: Record<string, T | undefined>) =>
    Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Record<string, T>;
  return encodeSafetensors(present({ ...tensors, ...change.tensors }), present({ ...metadata, ...change.metadata }));
}

describe("a checkpoint", () => {
  test.each([
    ["spiking", spiking],
    ["conventional", ann],
    [
      "low-bit",
      network({ kind: "ann", width: 8, heads: 2, depth: 1, quantization: { weights: 4, activations: "binary" } }),
    ],
    ["stemmed", initialise(modelSpec.parse({ width: 8, depth: 1, stem: tinyStem }), stemmed(tinyStem), stream(2))],
  ])("brings a %s network back bit for bit", (_, original) => {
    const read = decodeCheckpoint(encodeCheckpoint(original, { seed: "7", note: "first" }));
    expect(read.network).toEqual(original);
    expect(Object.keys(read.network.parameters)).toEqual(Object.keys(original.parameters));
    expect(read.metadata).toEqual({ seed: "7", note: "first" });
  });

  test.each(["F32", "F16"] as const)("in %s is refused when any bit of it is flipped", (precision) => {
    const bytes = encodeCheckpoint(spiking, { seed: "7", note: "first" }, { precision });
    expect(decodeCheckpoint(bytes).isChecked).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 * bytes.length - 1 }), (bit) => {
        const flipped = bytes.slice();
        flipped[bit >> 3] ^= 1 << (bit & 7);
        // The damage may also hit the name of the checksums.
        const isTrusted = messageOf(flipped) === "accepted" && decodeCheckpoint(flipped).isChecked;
        expect(isTrusted).toBe(false);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  test("written before checksums existed is read and reported as unchecked", () => {
    const { network: read, isChecked } = decodeCheckpoint(altered({ metadata: { checksums: undefined } }));
    expect([read, isChecked]).toEqual([spiking, false]);
  });

  test("restores every architecture", () => {
    const models = fc.record({
      kind: fc.constantFrom("ann", "spiking"),
      width: fc.constantFrom(8, 16),
      heads: fc.constantFrom(1, 4),
      depth: fc.constantFrom(1, 2),
      position: fc.constantFrom("none", "learned"),
      readOut: fc.constantFrom(undefined, "joint", "bits"),
    });
    const extras = fc.record({
      normalisation: fc.constantFrom("batch", "none"),
      residual: fc.constantFrom("membrane", "none"),
      outputProjection: fc.boolean(),
    });
    fc.assert(
      fc.property(models, extras, (model, extra) => {
        const original = network(model.kind === "spiking" ? { ...model, ...extra } : model);
        expect(decodeCheckpoint(encodeCheckpoint(original, {})).network).toEqual(original);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  test("in half precision differs by rounding to 11 bits only", () => {
    const { parameters } = decodeCheckpoint(encodeCheckpoint(spiking, {}, { precision: "F16" })).network;
    for (const [name, { data }] of Object.entries(spiking.parameters)) {
      data.forEach((value, i) => {
        // Relative 2^-11, and below 2^-14 an absolute half of 2^-24.
        const bound = Math.max(Math.abs(value) * 2 ** -11, 2 ** -25);
        expect(Math.abs(parameters[name].data[i] - value)).toBeLessThanOrEqual(bound);
      });
    }
  });

  test("is not written if it could not be read back", () => {
    const { "head.weight": _, ...rest } = spiking.parameters;
    expect(() => encodeCheckpoint({ ...spiking, parameters: rest }, {})).toThrow(
      "the parameter head.weight [8,4] is missing",
    );
    expect(() => encodeCheckpoint(spiking, { model: "x" })).toThrow("the metadata key model is reserved");
    const odd = { ...spiking.model, width: 7 } as ModelSpec;
    expect(() => encodeCheckpoint({ ...spiking, model: odd }, {})).toThrow(ValueError);
    const nan = { shape: [4], data: new Float32Array(4).fill(Number.NaN) };
    const broken = { ...spiking, parameters: { ...spiking.parameters, "head.offset": nan } };
    expect(() => encodeCheckpoint(broken, {})).toThrow("Value 0 of head.offset, NaN, is not a finite number.");
  });
});

describe("a damaged checkpoint", () => {
  const bytes = encodeCheckpoint(spiking, {});

  test("is refused when it ends early", () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), (length) => {
        expect(messageOf(bytes.subarray(0, length))).not.toBe("accepted");
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("gives a FileError or a sound network when bytes of its header change", () => {
    const header = new DataView(bytes.buffer).getUint32(0, true) + 8;
    fc.assert(
      fc.property(fc.nat({ max: header - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = bytes.slice();
        changed[at] ^= change;
        if (messageOf(changed) !== "accepted") return;
        // Only a value of the model or geometry can have changed without a contradiction; such a network can be written again.
        expect(encodeCheckpoint(decodeCheckpoint(changed).network, {}).length).toBeGreaterThan(0);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("names what contradicts what", () => {
    const model = JSON.stringify(spiking.model);
    const inGeometry = (change: object) => {
      const document = { inputs: 5, tokens: 3, classes: 4, queries: [0, 2], mask: "100110111", ...change };
      return messageOf(altered({ metadata: { geometry: JSON.stringify(document) } }));
    };
    expect(inGeometry({})).toBe("accepted");
    expect(messageOf(altered({ metadata: { format: "other-3" } }))).toContain('is of format "other-3"');
    expect(messageOf(altered({ metadata: { format: undefined } }))).toContain("names no format");
    expect(messageOf(altered({ metadata: { model: undefined } }))).toContain("the metadata `model` is missing");
    expect(messageOf(altered({ metadata: { model: "{" } }))).toContain("the metadata `model` is not JSON");
    expect(messageOf(altered({ metadata: { model: '{"kind":"rnn"}' } }))).toContain("is not a model: kind:");
    expect(messageOf(altered({ metadata: { model: model.replace('"width":8', '"width":16') } }))).toContain(
      "embed.weight has shape [5,8] instead of [5,16]",
    );
    expect(messageOf(altered({ metadata: { model: model.replace('"depth":2', '"depth":64') } }))).toContain(
      "the parameter blocks.2.qkv.weight [8,24] is missing",
    );
    expect(inGeometry({ classes: 5 })).toContain("head.weight has shape [8,4] instead of [8,5]");
    const bits = JSON.stringify({ ...spiking.model, readOut: "bits" });
    expect(messageOf(altered({ metadata: { model: bits } }))).toContain("head.weight has shape [8,4] instead of [8,2]");
    const five = JSON.stringify({ inputs: 5, tokens: 3, classes: 5, queries: [0, 2], mask: "100110111" });
    expect(messageOf(altered({ metadata: { model: bits, geometry: five } }))).toContain(
      "A bit read-out needs 2, 4, 8, ... classes, but the task has 5.",
    );
    expect(inGeometry({ mask: "10011011" })).toContain("has 8 entries instead of 3 x 3 = 9");
    expect(inGeometry({ mask: "100110112" })).toContain("is not a geometry: mask");
    expect(inGeometry({ queries: [2, 0] })).toContain("query 1 is token 0");
    expect(inGeometry({ queries: [3] })).toContain("query 0 is token 3; queries ascend below 3");
    expect(inGeometry({ tokens: 1e9 })).toContain("is not a geometry: tokens");
    const extra = { shape: [1], data: Float32Array.of(1) };
    expect(messageOf(altered({ tensors: { stray: extra } }))).toContain(
      '"stray" is not a parameter of this spiking network',
    );
    const integers = { shape: [4], data: new Int32Array(4) };
    expect(messageOf(altered({ tensors: { "head.offset": integers } }))).toContain("head.offset holds integers");
    expect(messageOf(altered({ tensors: { "head.weight": undefined } }))).toContain("head.weight [8,4] is missing");
  });

  test("names a stem and a grid that do not fit", () => {
    const document = { inputs: 5, tokens: 3, classes: 4, queries: [2], mask: "111111111", readOut: "mean" };
    const messageWith = (stem: object | undefined, grid: object | undefined) => {
      const model = JSON.stringify({ ...spiking.model, stem });
      return messageOf(altered({ metadata: { model, geometry: JSON.stringify({ ...document, grid }) } }));
    };
    expect(messageWith(tinyStem, undefined)).toContain("the model has a stem, but the geometry no grid");
    expect(messageWith(undefined, tinyGrid)).toContain("the model has no stem, but the geometry a grid");
    expect(messageWith(tinyStem, tinyGrid)).toContain("the stem leaves 6 pixels of the grid, but there are 3 tokens");
    expect(messageWith(tinyStem, { rows: 3, columns: 2 })).toContain(
      "the stem does not fit the grid. Pooling windows of 2 x 2",
    );
    expect(messageWith(tinyStem, { rows: 2, columns: 6 })).toContain("the parameter stem.0.weight [45,8] is missing");
  });

  test("names the parameter and the place of a value that is not finite", () => {
    const view = new DataView(bytes.slice().buffer);
    // The last value of the file belongs to the last parameter, head.offset [4].
    view.setFloat32(bytes.length - 4, Number.NaN, true);
    expect(messageOf(new Uint8Array(view.buffer))).toContain('Value 3 of "head.offset" is NaN, not a finite number.');
  });
});
