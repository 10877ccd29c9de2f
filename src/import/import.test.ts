// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, stridingStem, tinyStem } from "../../test/support/tiny-stem.ts";
import { SpecError } from "../errors.ts";
import {
  type AnnSpec,
  annSpec,
  type ModelSpec,
  modelSpec,
  requireTransformer,
  type TransformerSpec,
} from "../experiment/model.ts";
import { parseTensorMapping } from "../experiment/tensor-mapping.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { type Network, parameterLayout } from "../model/network.ts";
import { encodeSafetensors } from "../model/safetensors.ts";
import { stream } from "../numeric/stream.ts";
import { findTensorMapping } from "./catalogue.ts";
import type { SourceTensor } from "./elements.ts";
import { exportNetwork } from "./export.ts";
import { evaluate } from "./expression.ts";
import { importNetwork, matches } from "./import.ts";
import { decodeTensors } from "./source.ts";

const ann = tinyNetwork(annSpec.parse({ kind: "ann", width: 8, heads: 2, depth: 2, expansion: 2 }), 1);
const tensor = (shape: number[], ...values: number[]): SourceTensor => ({
  type: "float32",
  shape,
  data: Float32Array.from(values),
});

function messageOf(run: () => unknown): string {
  try {
    run();
    return "accepted";
  } catch (error) {
    if (error instanceof SpecError) return error.message;
    throw error;
  }
}

/** The network written as tensors and read back, as bytes. */
function thereAndBack(
  network: Network,
  mapping = findTensorMapping("xpikeformer", network, null),
  name?: string,
): Network {
  const bytes = encodeSafetensors(exportNetwork(network, mapping), { format: "pt" });
  const { tensors } = decodeTensors(bytes);
  const back = name ? findTensorMapping(name, network, new Set(tensors.keys())) : mapping;
  return importNetwork(tensors, network.model, network.geometry, back).network;
}

describe("a network of any architecture", () => {
  const models = fc.record({
    kind: fc.constantFrom("ann", "spiking"),
    width: fc.constantFrom(8, 16),
    heads: fc.constantFrom(1, 2),
    depth: fc.constantFrom(1, 3),
    position: fc.constantFrom("none", "learned"),
    stem: fc.constantFrom(undefined, tinyStem, stridingStem),
  });
  const geometryFor = ({ stem }: AnnSpec | TransformerSpec) => (stem ? stemmed(stem) : undefined);
  const extras = fc.record({
    normalisation: fc.constantFrom("batch", "none"),
    outputProjection: fc.boolean(),
    neuron: fc.constantFrom({ kind: "lif" }, { kind: "plif" }, { kind: "alif" }),
  });

  test("survives a round trip through PyTorch's layout bit for bit", () => {
    fc.assert(
      fc.property(models, extras, fc.nat(1000), (model, extra, seed) => {
        const spec = requireTransformer(
          modelSpec.parse(model.kind === "spiking" ? { ...model, ...extra } : model),
          "A test",
        );
        const network = tinyNetwork(spec, seed, geometryFor(spec));
        const bits = ({ parameters }: Network) =>
          Object.entries(parameters).map(([name, { data }]) => [name, new Uint32Array(data.slice().buffer)]);
        expect(bits(thereAndBack(network, undefined, "xpikeformer"))).toEqual(bits(network));
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test("is read from its own file unchanged", () => {
    const { tensors } = decodeTensors(encodeCheckpoint(ann, {}));
    const mapping = findTensorMapping("xpikeformer", ann, new Set(tensors.keys()));
    expect(importNetwork(tensors, ann.model, ann.geometry, mapping)).toEqual({ network: ann, notes: [] });
  });
});

describe("a custom mapping", () => {
  const mapping = parseTensorMapping({
    parameters: {
      "embed.weight": {
        tensor: "patch.kernel",
        shape: [8, 1, 3, 2],
        steps: [{ transpose: [2, 3, 1, 0] }, { reshape: [-1, 8] }, { scale: -0.25 }],
      },
      "embed.offset": "patch.bias",
      "blocks.{i}.norm1.gain": "h.{i}.n1.g",
      "blocks.{i}.norm1.offset": "h.{i}.n1.b",
      "blocks.{i}.qkv.weight": {
        concatenate: ["q", "k", "v"].map((part) => ({ tensor: `h.{i}.${part}.w`, steps: [{ transpose: [1, 0] }] })),
        axis: 1,
      },
      "blocks.{i}.qkv.offset": { concatenate: ["h.{i}.q.b", "h.{i}.k.b", "h.{i}.v.b"] },
      "blocks.{i}.projection.weight": "h.{i}.o.w",
      "blocks.{i}.projection.offset": "h.{i}.o.b",
      "blocks.{i}.norm2.gain": "h.{i}.n2.g",
      "blocks.{i}.norm2.offset": "h.{i}.n2.b",
      "blocks.{i}.up.weight": "h.{i}.up.w",
      "blocks.{i}.up.offset": "h.{i}.up.b",
      "blocks.{i}.down.weight": "h.{i}.down.w",
      "blocks.{i}.down.offset": "h.{i}.down.b",
      "norm.gain": "n.g",
      "norm.offset": { constant: 0.5 },
      "head.weight": "out.w",
      "head.offset": "out.b",
    },
    ignore: ["optimizer.*"],
  });
  const half = { shape: [8], data: new Float32Array(8).fill(0.5) };
  const network: Network = { ...ann, parameters: { ...ann.parameters, "norm.offset": half } };
  const written = exportNetwork(network, mapping);
  const source = new Map<string, SourceTensor>(
    Object.entries(written).map(([name, { shape, data }]) => [
      name,
      { type: "float32", shape, data: Float32Array.from(data) },
    ]),
  );

  test("runs forwards and backwards, with convolution kernels and separate q, k and v", () => {
    expect(thereAndBack(network, mapping)).toEqual(network);
    expect(written["h.1.k.w"].shape).toEqual([8, 8]);
    // Kernel [D, C, p, p]: the weight of input line (y 2 + x) 1 + c and feature d is at [d, c, y, x].
    const { data, shape } = written["patch.kernel"];
    expect(shape).toEqual([8, 1, 3, 2]);
    const [d, y, x] = [5, 2, 1];
    expect(data[(d * 3 + y) * 2 + x] * -0.25).toBe(ann.parameters["embed.weight"].data[(y * 2 + x) * 8 + d]);
    // Key d of block 1 reads input k by the weight [d, k].
    expect(written["h.1.k.w"].data[3 * 8 + 6]).toBe(ann.parameters["blocks.1.qkv.weight"].data[6 * 24 + 8 + 3]);
  });

  const run = (
    change: { parameters?: Record<string, unknown>; ignore?: string[] },
    tensors: ReadonlyMap<string, SourceTensor> = source,
  ) => {
    const parameters = Object.fromEntries(
      Object.entries({ ...mapping.parameters, ...change.parameters }).filter(([, value]) => value !== undefined),
    );
    const changed = parseTensorMapping(JSON.parse(JSON.stringify({ ...mapping, ...change, parameters })));
    return importNetwork(tensors, ann.model, ann.geometry, changed, { name: "m.json" });
  };
  const message = (...input: Parameters<typeof run>) => messageOf(() => run(...input));
  const plus = (name: string, value: SourceTensor) => new Map([...source, [name, value]]);

  test("names what is missing, left over, misspelt or has the wrong shape", () => {
    expect(message({})).toBe("accepted");
    expect(message({ parameters: { "head.offset": undefined } })).toBe(
      "2 problems:\n  No rule fills head.offset [3].\n" +
        '  Nothing uses the tensor "out.b" [3]. Name it in a rule or in `ignore`.',
    );
    expect(message({ parameters: { "head.offset": "out.bb" } })).toContain(
      'parameters["head.offset"]: the file has no tensor "out.bb". Did you mean out.b?',
    );
    expect(message({ parameters: { "haed.offset": "out.b" } })).toContain(
      '"haed.offset" is not a parameter of this ann network. Did you mean head.offset?',
    );
    expect(message({ parameters: { "head.weight": { tensor: "out.w", steps: [{ transpose: [1, 0] }] } } })).toBe(
      'parameters["head.weight"]: head.weight would have shape [3,8] instead of [8,3]. Weights here are [inputs, outputs]: add "steps": [{ "transpose": [1, 0] }].',
    );
    expect(message({ parameters: { "blocks.0.up.offset": "h.0.up.b" } })).toContain(
      "fills blocks.0.up.offset, which another rule fills",
    );
    expect(message({}, plus("optimizer.state", tensor([1], 1)))).toBe("accepted");
    expect(message({}, plus("extra", tensor([1], 1)))).toBe(
      'Nothing uses the tensor "extra" [1]. Name it in a rule or in `ignore`.',
    );
    const infinite = plus("out.b", tensor([3], 1, Number.POSITIVE_INFINITY, 0));
    expect(message({}, infinite)).toContain("value 1 of head.offset would be Infinity, which is not a finite number");
    const wide = plus("out.b", { type: "float64", shape: [3], data: Float64Array.of(1e300, 0, 0) });
    expect(message({}, wide)).toContain("value 0 of head.offset would be 1e+300");
  });

  test("explains parts that do not fit together", () => {
    const embed = (expression: unknown) => message({ parameters: { "embed.offset": expression } });
    expect(embed({ tensor: "patch.bias", shape: [9] })).toContain(
      '"patch.bias" has shape [8] in the file instead of [9]',
    );
    expect(embed({ tensor: "patch.bias", steps: [{ transpose: [1, 0] }] })).toContain(
      "[1,0] does not name each of the 1 axes",
    );
    expect(embed({ tensor: "patch.bias", steps: [{ reshape: [3, -1] }] })).toContain(
      "[8] has 8 values, which [3,-1] does not hold",
    );
    expect(embed({ tensor: "patch.bias", steps: [{ slice: { axis: 1, begin: 0, end: 1 } }] })).toContain(
      "shape [8] has no axis 1",
    );
    expect(embed({ tensor: "patch.bias", steps: [{ slice: { axis: 0, begin: 4, end: 9 } }] })).toContain(
      "4 to 9 is not a range of axis 0",
    );
    expect(embed({ sum: ["patch.bias", "out.b"] })).toContain("[8] and [3] cannot be added");
    expect(embed({ concatenate: ["patch.bias", "out.w"] })).toContain("differ in more than axis 0");
    expect(embed({ concatenate: ["patch.bias"], axis: 1 })).toContain("shape [8] has no axis 1");
    expect(embed({ sum: [{ constant: 1 }] })).toContain("a constant within another expression needs a `shape`");
    expect(embed({ sum: [{ constant: 1, shape: [2147483648, 2] }] })).toContain("at most 268435456 are made");
    expect(embed({ linear: { part: "offset", weight: "patch.bias" } })).toContain(
      "shape [8] instead of [outputs, inputs]",
    );
    expect(embed({ linear: { part: "offset", weight: "out.w", bias: "out.b" } })).toContain(
      "linear.bias has shape [3] instead of [8]",
    );
  });

  test("that cannot be inverted says why", () => {
    const back = (expression: unknown) =>
      messageOf(() =>
        exportNetwork(
          network,
          parseTensorMapping({ ...mapping, parameters: { ...mapping.parameters, "norm.gain": expression } }),
        ),
      );
    expect(back({ sum: ["n.g"] })).toContain("a sum cannot be undone, so this mapping is for imports only");
    expect(back({ tensor: "n.g", steps: [{ scale: 3 }] })).toContain("a scale by 3 cannot be undone without rounding");
    expect(back({ tensor: "n.g", steps: [{ reshape: [8] }] })).toContain("only if the expression gives the `shape`");
    expect(back({ tensor: "n.g", steps: [{ slice: { axis: 0, begin: 0, end: 8 } }] })).toContain(
      "a slice cannot be undone",
    );
    expect(back({ constant: 1 })).toContain("the layout has no place for anything but 1");
    expect(back("out.b")).toContain('"out.b" fills two parameters');
    expect(back({ concatenate: ["a", "b", "c"] })).toContain(
      "3 parts of equal size do not make shape [8] along axis 0",
    );
    const far = { tensor: "n.g", steps: [{ scale: 2 ** -149 }] };
    const changed = parseTensorMapping({ ...mapping, parameters: { ...mapping.parameters, "norm.gain": far } });
    expect(() => exportNetwork(network, changed)).toThrow(/norm.gain/);
  });
});

test("a pattern with stars matches as a regular expression does", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 8 });
  const names = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
  fc.assert(
    fc.property(letters, names, (pattern, name) => {
      expect(matches(pattern, name)).toBe(new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(name));
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test("a folded linear layer computes the same as the layer and its normalisations in sequence", () => {
  const random = stream(5);
  const draw = (...shape: number[]) => ({
    shape,
    data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  });
  const tensors: Record<string, { shape: number[]; data: Float64Array }> = { w: draw(3, 4), c: draw(3) };
  for (const [side, size] of [
    ["b", 4],
    ["a", 3],
  ] as const) {
    for (const part of ["gain", "offset", "mean"]) tensors[side + part] = draw(size);
    const spread = draw(size);
    tensors[`${side}variance`] = { shape: [size], data: spread.data.map((x) => 0.1 + x * x) };
  }
  const norm = (side: string) => ({
    ...{ gain: `${side}gain`, offset: `${side}offset`, mean: `${side}mean`, variance: `${side}variance` },
    epsilon: 0.01,
  });
  const folded = { weight: "w", bias: "c", before: norm("b"), after: norm("a") };
  const lookup = (name: string) => tensors[name];
  const weight = evaluate({ linear: { part: "weight", ...folded } }, lookup, "x");
  const offset = evaluate({ linear: { part: "offset", ...folded } }, lookup, "x");
  const normalise = (x: Float64Array, side: string) =>
    x.map((value, n) => {
      const at = (part: string) => tensors[side + part].data[n];
      return (at("gain") * (value - at("mean"))) / Math.sqrt(at("variance") + 0.01) + at("offset");
    });
  const apply = (w: Float64Array, c: Float64Array, x: Float64Array) =>
    c.map((start, n) => x.reduce((sum, value, k) => sum + w[n * 4 + k] * value, start));
  const x = draw(4).data;
  const expected = normalise(apply(tensors.w.data, tensors.c.data, normalise(x, "b")), "a");
  apply(weight.data, offset.data, x).forEach((value, n) => {
    expect(value).toBeCloseTo(expected[n], 12);
  });
});

describe("the author's layout", () => {
  const base = { width: 8, heads: 2, depth: 2, expansion: 4, position: "learned" };
  const [D, P, N, C] = [8, tinyGeometry.inputs, tinyGeometry.tokens, tinyGeometry.classes];
  const random = stream(9);
  const source = new Map<string, SourceTensor>();
  const add = (name: string, ...shape: number[]) => {
    const positive = name.endsWith("running_var");
    const count = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, () => (positive ? 0.5 + random.uniform() : random.normal()));
    source.set(name, { type: "float32", shape, data });
  };
  const batchNorm = (name: string, size: number) => {
    for (const part of ["weight", "bias", "running_mean", "running_var"]) add(`${name}.${part}`, size);
    source.set(`${name}.num_batches_tracked`, { type: "int64", shape: [], data: Float64Array.of(7) });
  };
  add("cls_token", 1, 1, 1, D);
  for (const part of ["weight", "bias"]) add(`to_patch_embedding.to_patch_tokens.1.${part}`, P);
  add("to_patch_embedding.to_patch_tokens.2.weight", D, P);
  add("to_patch_embedding.to_patch_tokens.2.bias", D);
  add("_backbone.pos_embedding.weight", N, D);
  for (const i of [0, 1]) {
    add(`_backbone.h.${i}.attn.self_mask`, 1, 1, N, N);
    add(`_backbone.h.${i}.attn.c_attn.weight`, 3 * D, D);
    batchNorm(`_backbone.h.${i}.attn.c_bn`, 3 * D);
    add(`_backbone.h.${i}.attn.attn_output_linear.weight`, D, D);
    batchNorm(`_backbone.h.${i}.attn.attn_output_bn`, D);
    add(`_backbone.h.${i}.ff.fc.weight`, 4 * D, D);
    add(`_backbone.h.${i}.ff.proj.weight`, D, 4 * D);
    for (const part of ["weight", "bias"]) add(`_backbone.h.${i}.ff.ln.${part}`, D);
  }
  add("_read_out.weight", C, D);
  add("_read_out.bias", C);

  const read = (settings: object, approximate = true) => {
    const model = modelSpec.parse({ ...base, ...settings }) as ModelSpec;
    const mapping = findTensorMapping("author", { model, geometry: tinyGeometry }, new Set(source.keys()));
    return importNetwork(source, model, tinyGeometry, mapping, { approximate, name: "author" });
  };

  test("is refused until its LayerNorms, each of which is named, are accepted", () => {
    const message = messageOf(() => read({}, false));
    expect(message).toContain("to_patch_embedding.to_patch_tokens.1 is a LayerNorm over the values of each patch");
    expect(message).toContain("_backbone.h.{i}.ff.ln is a LayerNorm over the features of each token");
    expect(message).toContain("--approximate");
    expect(read({}).notes.filter((note) => note.startsWith("Not kept: "))).toHaveLength(5);
  });

  test.each(["batch", "none"])(
    "fills a network with normalisation %s, layer by layer as the author's computes",
    (normalisation) => {
      const { parameters } = read({ normalisation }).network;
      const at = (name: string) => source.get(name)!.data;
      /** x W + offset of this program, after the BatchNorm that the network keeps. */
      const here = (layer: string, x: number[]) => {
        const { shape, data } = parameters[`${layer}.weight`];
        return Array.from({ length: shape[1] }, (_, n) => {
          const product = x.reduce((sum, value, k) => sum + value * data[k * shape[1] + n], 0);
          const part = (name: string) => parameters[`${layer}.${name}`]?.data[n];
          if (part("gain") === undefined) return product + part("offset");
          return (part("gain") * (product - part("mean"))) / Math.sqrt(part("variance") + 1e-5) + part("offset");
        });
      };
      const linear = (name: string, x: number[]) => {
        const { shape, data } = source.get(name)!;
        return Array.from({ length: shape[0] }, (_, n) =>
          x.reduce((sum, value, k) => sum + value * data[n * shape[1] + k], 0),
        );
      };
      const normalised = (name: string, x: number[]) =>
        x.map((value, n) => {
          const scaled = (value - at(`${name}.running_mean`)[n]) / Math.sqrt(at(`${name}.running_var`)[n] + 1e-5);
          return scaled * at(`${name}.weight`)[n] + at(`${name}.bias`)[n];
        });
      const affine = (name: string, x: number[]) =>
        x.map((value, n) => value * at(`${name}.weight`)[n] + at(`${name}.bias`)[n]);
      const close = (a: number[], b: number[]) => {
        expect(a).toHaveLength(b.length);
        // Weights of about 1, rounded to 24 bits; sums of at most 32 of them.
        a.forEach((value, n) => {
          expect(Math.abs(value - b[n])).toBeLessThan(2e-5);
        });
      };
      const bits = (count: number) => Array.from({ length: count }, () => random.integer(2));

      const patch = Array.from({ length: P }, () => random.normal());
      const tokens = "to_patch_embedding.to_patch_tokens";
      const bias = at(`${tokens}.2.bias`);
      const embedded = linear(`${tokens}.2.weight`, affine(`${tokens}.1`, patch)).map((x, n) => x + bias[n]);
      close(here("embed", patch), embedded);
      for (const i of [0, 1]) {
        const block = `_backbone.h.${i}`;
        const [s, wide] = [bits(D), bits(4 * D)];
        close(here(`blocks.${i}.qkv`, s), normalised(`${block}.attn.c_bn`, linear(`${block}.attn.c_attn.weight`, s)));
        const attended = normalised(`${block}.attn.attn_output_bn`, s);
        close(here(`blocks.${i}.projection`, s), linear(`${block}.attn.attn_output_linear.weight`, attended));
        close(here(`blocks.${i}.up`, s), linear(`${block}.ff.fc.weight`, s));
        close(here(`blocks.${i}.down`, wide), affine(`${block}.ff.ln`, linear(`${block}.ff.proj.weight`, wide)));
      }
      const position = (n: number) => [...parameters.position.data.subarray(n * D, (n + 1) * D)];
      const table = at("_backbone.pos_embedding.weight");
      // Token 0 has no input lines but still starts as the class token with its position.
      const first = here("embed", Array(P).fill(0)).map((x, n) => x + position(0)[n]);
      close(
        first,
        [...at("cls_token")].map((x, n) => x + table[n]),
      );
      close(position(3), [...table.subarray(3 * D, 4 * D)]);
      close(
        here("head", bits(D).fill(1)),
        linear("_read_out.weight", Array(D).fill(1)).map((x, n) => x + at("_read_out.bias")[n]),
      );
      const model = modelSpec.parse({ ...base, normalisation });
      expect(Object.keys(parameters)).toEqual(parameterLayout(model, tinyGeometry).map(({ name }) => name));
    },
  );

  test("requires a model that it can fill", () => {
    expect(messageOf(() => read({ position: "none" }))).toContain('Set model.position to "learned"');
    expect(messageOf(() => read({ outputProjection: false }))).toContain("has an output projection");
    expect(messageOf(() => findTensorMapping("author", ann, null))).toContain('Set model.kind to "spiking"');
    expect(messageOf(() => findTensorMapping("autor", ann, null))).toContain("Did you mean author?");
  });
});
