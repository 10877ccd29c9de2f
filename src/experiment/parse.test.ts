// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { type Experiment, experimentSpec } from "./experiment.ts";
import { machineByName, parseExperiment } from "./parse.ts";
import { presets } from "./presets.ts";
import { experimentJsonSchema, type JsonSchema } from "./schema.ts";

const errorOf = (source: unknown): SpecError => {
  try {
    parseExperiment(source, "a.json");
  } catch (error) {
    if (error instanceof SpecError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

/** Either an experiment that reads back as itself, or a SpecError with a path and a message. */
function parseOrExplain(source: unknown): Experiment | SpecError {
  try {
    const experiment = parseExperiment(source);
    expect(parseExperiment(JSON.stringify(experiment))).toEqual(experiment);
    return experiment;
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    expect(error.path.length).toBeGreaterThan(0);
    expect(error.message.length).toBeGreaterThan(10);
    // Bounded: twenty problems of bounded length.
    expect(error.message.length).toBeLessThan(20_000);
    return error;
  }
}

describe("training for few bits", () => {
  const quantization = { weights: 4, activations: "binary" } as const;

  test("gives the model its widths, and reads back as itself", () => {
    const experiment = parseExperiment({ model: { kind: "ann" }, training: { quantization } });
    expect(experiment.model).toMatchObject({ quantization });
    expect(parseExperiment(JSON.stringify(experiment))).toEqual(experiment);
    expect(parseExperiment({ model: { kind: "ann" } }).model).not.toHaveProperty("quantization");
  });

  test.each([
    [
      "an unknown width",
      { training: { quantization: { weights: 3, activations: 4 } } },
      "training.quantization.weights",
    ],
    ["a width left out", { training: { quantization: { weights: 4 } } }, "training.quantization.activations"],
    ["a spiking network", { model: { kind: "spiking" }, training: { quantization } }, "training.quantization"],
    [
      "other widths of the model",
      { model: { kind: "ann", quantization: { weights: 8, activations: 8 } } },
      "model.quantization",
    ],
    [
      "noise on weights",
      { training: { quantization, stages: [{ noise: { weights: 0.1 } }] } },
      "training.quantization",
    ],
  ])("refuses %s", (_, change, path) => {
    const error = errorOf({ model: { kind: "ann" }, training: { quantization }, ...change });
    expect(error.path).toBe(path);
  });
});

describe("an experiment", () => {
  test("may be as short as {}: the paper's 2x2 link on the recommended machine", () => {
    const experiment = parseExperiment("{}");
    expect(experiment.model).toMatchObject({ kind: "spiking", width: 64, attention: { kind: "stochastic" } });
    expect(experiment.hardware.crossbar).toMatchObject({ rows: 128, conductanceBits: 4, device: { kind: "pcm" } });
    expect(experiment.hardware.adc).toMatchObject({ bits: 5, sharing: 2, mode: "differential" });
  });

  test("may name only what differs, at any depth", () => {
    const experiment = parseExperiment({ model: { width: 128 }, hardware: { crossbar: { device: { readNoise: 0 } } } });
    expect(experiment.model).toMatchObject({ kind: "spiking", width: 128, heads: 4 });
    expect(experiment.hardware.crossbar.device).toMatchObject({ kind: "pcm", readNoise: 0, programmingNoise: 1 });
  });
});

describe("a preset", () => {
  test.each(presets().map(({ name }) => name))("%s is a complete experiment of that name", (name) => {
    const experiment = parseExperiment({ preset: name });
    expect(experiment.name).toBe(name);
    expect(parseExperiment(JSON.stringify(experiment))).toEqual(experiment);
  });

  test("lies under the document: objects merge, lists and objects of another kind replace", () => {
    const experiment = parseExperiment({
      preset: "paper-2x2-small",
      name: "mine",
      model: { steps: 8 },
      hardware: { crossbar: { conductanceBits: null, device: { kind: "ideal" } } },
    });
    expect(experiment).toMatchObject({ name: "mine", model: { width: 256, steps: 8 } });
    expect(experiment.hardware.crossbar).toMatchObject({ rows: 128, conductanceBits: null, device: { kind: "ideal" } });
    // Another kind of network shares no field with the preset's: its own defaults hold.
    expect(parseExperiment({ preset: "paper-2x2-small", model: { kind: "ann" } }).model).toHaveProperty("width", 64);
  });

  test("may be a list, each laid over the one before", () => {
    const experiment = parseExperiment({
      preset: ["wireless-2x2", "author-aihwkit"],
      hardware: { crossbar: { rows: 256 } },
    });
    expect(experiment.model).toEqual(parseExperiment({ preset: "wireless-2x2" }).model);
    expect(experiment.hardware).toEqual({
      ...parseExperiment({ preset: "author-aihwkit" }).hardware,
      crossbar: { ...parseExperiment({ preset: "author-aihwkit" }).hardware.crossbar, rows: 256 },
    });
    expect(parseExperiment({ preset: [] })).toEqual(parseExperiment({}));
    expect(() => parseExperiment({ preset: ["paper", "papers"] })).toThrow(/"papers".*Did you mean "paper"\?/);
  });

  test("recommended is the machine of the defaults and of our networks, paper that of the paper's", () => {
    const recommended = machineByName("recommended");
    expect(recommended).toEqual(parseExperiment({}).hardware);
    for (const preset of ["wireless-2x2", "wireless-4x4"]) {
      const { crossbar, ...rest } = parseExperiment({ preset }).hardware;
      expect({ ...rest, crossbar: { ...crossbar, embedRows: null } }, preset).toEqual(recommended);
    }
    const paper = machineByName("paper");
    expect(paper.crossbar).toMatchObject({ rows: 128, columns: 128, conductanceBits: 4 });
    expect(paper.adc).toMatchObject({ bits: 5, sharing: 8, mode: "pair" });
    const sizes = presets().filter(({ name, document }) => name.startsWith("paper-") && document.model !== undefined);
    expect(sizes).toHaveLength(8);
    for (const { name } of sizes) expect(parseExperiment({ preset: name }).hardware).toEqual(paper);
  });

  test("realistic is the recommended machine with errors, and leaves a network the lines of its embedding", () => {
    const { crossbar, adc, readTime, compensation, calibration, ...rest } = machineByName("realistic");
    const recommended = machineByName("recommended");
    expect({ ...recommended, ...rest }).toEqual(recommended);
    const { spread, stuck, wires, ...sizes } = crossbar;
    expect({ ...recommended.crossbar, ...sizes }).toEqual(recommended.crossbar);
    for (const error of [
      spread,
      stuck.atZero,
      stuck.atMaximum,
      wires.lines,
      wires.columns,
      ...Object.values(adc.errors),
    ]) {
      expect(error).toBeGreaterThan(0);
    }
    expect([readTime, compensation.scope, calibration]).toEqual([86_400, "crossbar", "codes"]);
    expect({ ...adc, trim: null, errors: null }).toEqual({ ...recommended.adc, trim: null, errors: null });
    expect(adc.trim).not.toBeNull();
    const link = parseExperiment({ preset: ["wireless-2x2", "realistic"] }).hardware;
    expect(link).toEqual({ ...machineByName("realistic"), crossbar: { ...crossbar, embedRows: 17 } });
  });

  test("is a machine by name where it has no network", () => {
    expect(() => machineByName("wireless-2x2")).toThrow(
      "known machines: paper, recommended, realistic, charge, author-aihwkit",
    );
    expect(() => machineByName("recomended")).toThrow('Did you mean "recommended"?');
  });

  test("changes nothing when used twice", () => {
    parseExperiment({ preset: "paper-2x2-small", task: { snrDecibels: 7 } });
    expect(parseExperiment({ preset: "paper-2x2-small" }).task).toMatchObject({ snrDecibels: { min: 0, max: 30 } });
  });

  test("follows the sizes and steps of Table IV", () => {
    const sizes = presets().map(({ document: { model, task } }) => {
      if (model?.kind === "ann" || model?.kind === "graph") throw new Error("presets are spiking transformers");
      if (task?.kind !== "symbol-detection") return "";
      return [task?.transmitAntennas, model?.depth, model?.width, model?.steps].join();
    });
    expect(sizes).toEqual(expect.arrayContaining(["2,4,256,6", "2,8,512,4", "4,4,256,11", "4,8,512,5"]));
  });
});

describe("a mistake", () => {
  test("in a value is told with what was given and what is allowed", () => {
    expect(errorOf({ model: { width: "wide" } })).toMatchObject({
      path: "model.width",
      message: 'model.width is "wide"; allowed: an integer from 8 to 4096, a multiple of 8 (default 64).',
    });
    expect(errorOf({ training: { stages: [{}, { steps: 0 }] } })).toMatchObject({
      path: "training.stages[1].steps",
      message: "training.stages[1].steps is 0; allowed: an integer from 1 to 10000000 (default 4000).",
    });
    expect(errorOf({ hardware: { adc: { bits: 40 } } }).message).toBe(
      "hardware.adc.bits is 40; allowed: an integer from 1 to 16 or null (default 5).",
    );
    expect(errorOf({ training: { stages: [] } }).message).toContain(
      "a list of 1 to 16 entries, each an object with name,",
    );
    const device = { kind: "module", path: "a.mjs", sha256: "00" };
    expect(errorOf({ hardware: { crossbar: { device } } }).message).toContain("allowed: 64 hexadecimal digits");
    expect(errorOf({ model: { width: 100 } }).message).toContain("model.width is 100; allowed: an integer from 8");
    expect(errorOf({ seed: 2 ** 53 }).message).toContain("allowed: an integer from 0 to 9007199254740991 (default 1).");
    expect(errorOf({ model: { neuron: { beta: 0 } } }).message).toContain("a number above 0 to 1 (default 0.5)");
    expect(errorOf({ model: { neuron: { kind: "if", beta: 1 } } }).path).toBe("model.neuron.beta");
    for (const kind of ["plif", "alif"]) {
      const error = errorOf({ model: { attention: { kind: "lif" }, neuron: { kind } } });
      expect(error.path).toBe("model.neuron.kind");
      expect(error.message).toMatch(/Such attention does not compute with .* Use "stochastic" attention/);
    }
    expect(errorOf({ model: { outputProjection: "yes" } }).message).toContain("allowed: true or false (default true)");
  });

  test.each([
    [{ hardware: { readTime: "1h" } }, "(default 1). Times are in seconds: 1h is 1 x 3600 s, so write 3600."],
    [{ evaluation: { coded: { ages: ["1.5y"] } } }, "1.5y is 1.5 x 31536000 s, so write 47304000."],
    [{ training: { checkpointSeconds: "5m" } }, "5m is 5 x 60 s, so write 300."],
    [{ hardware: { timing: { clock: "1GHz" } } }, "Write a number without a unit."],
    [{ task: { kind: "event-classification", frameMicroseconds: "1s" } }, "Write a number without a unit."],
    [{ seed: "7" }, "Write 7, without quotes."],
  ])("in a number with a unit says what to write: %j", (document, help) => {
    expect(errorOf(document).message).toContain(help);
  });

  test("in a word or a key is met with the nearest known one", () => {
    expect(errorOf({ task: { modulation: "qpks" } }).message).toBe(
      'task.modulation is "qpks"; allowed: "bpsk", "qpsk", "16qam" or "64qam" (default "qpsk"). Did you mean "qpsk"?',
    );
    expect(errorOf({ model: { haeds: 4 } })).toMatchObject({
      path: "model.haeds",
      message: "model.haeds is not a known key; did you mean `heads`?",
    });
    expect(errorOf({ pressure: 4 }).message).toContain(
      "pressure is not a known key; known keys here: preset, $schema, name",
    );
    expect(errorOf({ preset: "paper-2x2-smal" }).message).toContain('Did you mean "paper-2x2-small"?');
    expect(errorOf({ preset: 7 }).path).toBe("preset");
  });

  test("in the place of a key is met with the right place", () => {
    expect(errorOf({ heads: 8 }).message).toBe("heads is not a known key; did you mean `model.heads`?");
    expect(errorOf({ task: { batch: 8 } }).message).toContain("did you mean `training.batch`?");
  });

  test("in a kind is told with all kinds, and fields are then judged by the kind given", () => {
    expect(errorOf({ model: { kind: "spikng" } }).message).toBe(
      'model.kind is "spikng"; allowed: "ann", "spiking" or "graph". Did you mean "spiking"?',
    );
    expect(errorOf({ model: { kind: "ann", steps: 4 } }).path).toBe("model.steps");
    expect(errorOf({ hardware: { scaling: "threshold", arithmetic: null } }).path).toBe("hardware.scaling");
    expect(errorOf({ model: { kind: "ann", stepz: 4 } }).message).toContain("known keys here: kind, width, depth");
    expect(errorOf({ hardware: { crossbar: { device: { kind: "ideal", readNoise: 1 } } } }).path).toBe(
      "hardware.crossbar.device.readNoise",
    );
  });

  test("inside one form of a union is told for that form", () => {
    expect(errorOf({ training: { labels: "teacher", teacher: ["a", 1] } }).message).toBe(
      "training.teacher[1] is 1; allowed: a string of at most 4096 characters.",
    );
    expect(errorOf({ task: { snrDecibels: { min: "a", max: 3 } } })).toMatchObject({
      path: "task.snrDecibels.min",
      message: 'task.snrDecibels.min is "a"; allowed: a number from -50 to 100.',
    });
    expect(errorOf({ task: { snrDecibels: { min: 3 } } }).message).toContain("task.snrDecibels.max is missing");
    expect(errorOf({ task: { snrDecibels: "loud" } }).message).toContain(
      'task.snrDecibels is "loud"; allowed: a number from -50 to 100 or an object with min, max.',
    );
  });

  test("between fields is told with the arithmetic", () => {
    expect(errorOf({ model: { width: 64, heads: 5 } })).toMatchObject({
      path: "model.heads",
      message:
        "model.heads: 5 heads do not divide model.width 64 (64 / 5 = 12.8). Heads that divide it: 1, 2, 4, 8, 16, 32, 64.",
    });
    expect(errorOf({ task: { snrDecibels: { min: 9, max: 3 } } })).toMatchObject({
      path: "task.snrDecibels.min",
      message: expect.stringContaining("the lowest ratio is above the highest"),
    });
    expect(errorOf({ training: { batch: 4, shards: 8 } })).toMatchObject({
      path: "training.shards",
      message: expect.stringContaining("8 shards of a batch of 4 would leave some shards empty"),
    });
    expect(errorOf({ task: { transmitAntennas: 8, modulation: "16qam" } })).toMatchObject({
      path: "task.transmitAntennas",
      message:
        "task.transmitAntennas: 8 antennas with 4 bits each (16qam) send 32 bits at a time, more than the limit of 16. Send from at most 4 antennas, " +
        "or choose a task.modulation with fewer bits.",
    });
    expect(errorOf({ model: { attention: { scoreGain: 3 } } }).message).toContain("3 is not a power of two");
    expect(errorOf({ training: { teacher: "bundled:wireless-2x2-ann" } })).toMatchObject({
      path: "training.teacher",
      message: expect.stringContaining("No stage learns from a teacher"),
    });
    expect(errorOf({ training: { teacherShare: 0.5 } })).toMatchObject({
      path: "training.teacherShare",
      message: expect.stringContaining("No stage learns from a teacher"),
    });
    expect(errorOf({ training: { teacherTask: { patch: 1 } } })).toMatchObject({
      path: "training.teacherTask",
      message: expect.stringContaining("No stage learns from a teacher"),
    });
    const stages = [{ labels: "teacher", teacherShare: 0.5 }, { teacherShare: 0.5 }];
    expect(errorOf({ training: { stages } })).toMatchObject({
      path: "training.stages",
      message: expect.stringContaining("does not learn from a teacher"),
    });
    expect(errorOf({ training: { teacherSteps: 4 } })).toMatchObject({
      path: "training.teacherSteps",
      message: expect.stringContaining("its time steps have no effect"),
    });
    expect(errorOf({ training: { stages: [{ labels: "teacher" }, { teacherSteps: 4 }] } })).toMatchObject({
      path: "training.stages",
      message: expect.stringContaining("A stage has teacherSteps"),
    });
    expect(errorOf({ hardware: { crossbar: { pairs: "aihwkit", parallelDevices: 2 } } })).toMatchObject({
      path: "hardware.crossbar.parallelDevices",
      message: expect.stringContaining("Set parallelDevices to 1, or pairs to `physical`"),
    });
  });

  test("seldom comes alone: one error lists all, and its path is the first", () => {
    const error = errorOf({ seed: -1, model: { haeds: 2, width: 7 }, evaluation: { steps: [1, 0] } });
    expect(error.path).toBe("seed");
    expect(error.message.split("\n")).toEqual([
      "4 problems:",
      "  seed is -1; allowed: an integer from 0 (default 1).",
      expect.stringContaining("  model.width is 7;"),
      "  model.haeds is not a known key; did you mean `heads`?",
      "  evaluation.steps[1] is 0; allowed: an integer from 1 to 64.",
    ]);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`key${i}`, i]));
    expect(errorOf(many).message).toMatch(
      /^More than 20 problems, of which the first:(\n {2}key\d+ is not a known key.*){20}$/,
    );
  });

  test("in the JSON itself is told with file, line and column", () => {
    expect(errorOf('{\n  "seed": 1\n  "name": "x"\n}')).toMatchObject({
      path: "a.json:3:3",
      message: 'Line 3, column 3: expected "," or "}", but found "\\"".',
    });
  });

  test("of handing over something that is no document at all names the document", () => {
    for (const source of ["null", "3", "[]", '"text"', undefined, null, [], 7]) {
      expect(errorOf(source).path).toMatch(/^a\.json$/);
    }
  });

  test("never reaches a prototype", () => {
    expect(errorOf('{"__proto__": {"seed": 5}}').message).toContain("__proto__");
    expect(errorOf('{"constructor": {"prototype": {"seed": 5}}}').path).toBe("constructor");
    expect(({} as { seed?: number }).seed).toBeUndefined();
  });
});

describe("whatever comes in, an experiment or an explanation comes out", () => {
  const valid = presets().map(({ name }) => JSON.stringify(parseExperiment({ preset: name })));

  test("for arbitrary values", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withDate: true }),
        (value) => void parseOrExplain(value),
      ),
      {
        seed: 1,
        numRuns: 300,
      },
    );
  });

  test("for values under known keys", () => {
    const keys = [...Object.keys(experimentSpec.shape), "preset"];
    const entries = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(entries, (value) => void parseOrExplain(value)),
      { seed: 1, numRuns: 300 },
    );
  });

  test("for a valid document with one value replaced", () => {
    const paths = leaves(JSON.parse(valid[0]));
    const replacement = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.integer({ min: -3, max: 300 }),
      fc.constantFrom("ann", "pcm", "ideal", "lif", "none", "learned", null, true),
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths), replacement, (path, value) => {
        const document = JSON.parse(valid[0]);
        let owner = document;
        for (const key of path.slice(0, -1)) owner = owner[key];
        owner[path.at(-1)!] = value;
        const result = parseOrExplain(document);
        if (result instanceof SpecError) {
          // A bad value is blamed on itself, a part of it, or a field of the same object that it contradicts.
          expect(result.path.startsWith(String(path[0]))).toBe(true);
        } else accepted += 1;
      }),
      { seed: 1, numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test("for truncated and edited text", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...valid),
        fc.nat(),
        fc.nat({ max: 3 }),
        fc.string({ maxLength: 3 }),
        (text, at, cut, put) => {
          const position = at % text.length;
          parseOrExplain(text.slice(0, position));
          parseOrExplain(text.slice(0, position) + put + text.slice(position + cut));
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe("the JSON Schema", () => {
  const schema = experimentJsonSchema(DESCRIPTIONS);

  test("accepts every preset and every parsed experiment", () => {
    for (const { name, document } of presets()) {
      for (const value of [document, { preset: name }, JSON.parse(JSON.stringify(parseExperiment({ preset: name })))]) {
        expect(violations(schema, value)).toEqual([]);
      }
    }
  });

  test("agrees with the parser on documents with one field changed, limits across fields aside", () => {
    const document = JSON.parse(JSON.stringify(parseExperiment({})));
    const replacement = fc.oneof(
      fc.integer({ min: -3, max: 5000 }),
      fc.double({ noNaN: true, min: -2, max: 70 }),
      fc.constantFrom("ann", "ideal", "pcm", null, [], {}, [1, 2]),
    );
    fc.assert(
      fc.property(fc.constantFrom(...leaves(document)), replacement, (path, value) => {
        const changed = structuredClone(document);
        let owner = changed;
        for (const key of path.slice(0, -1)) owner = owner[key];
        owner[path.at(-1)!] = value;
        const result = experimentSpec.safeParse(changed);
        const acrossFields = result.error?.issues.every(({ code }) => code === "custom");
        expect(violations(schema, changed).length === 0).toBe(result.success || acrossFields);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("offers presets, defaults and descriptions to an editor", () => {
    expect(schema.properties!.preset!.anyOf![0].enum).toContain("wireless-2x2");
    const spiking = schema.properties!.model!.oneOf![1];
    expect(spiking.properties!.width).toEqual({
      description: expect.stringContaining("Model width D"),
      type: "integer",
      minimum: 8,
      maximum: 4096,
      multipleOf: 8,
      default: 64,
    });
  });
});

/** Paths of all values that are neither objects nor lists. */
function leaves(value: unknown): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [[]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner).map((path) => [Array.isArray(value) ? Number(key) : key, ...path]),
  );
}

/** A JSON Schema validator for the keywords that `JsonSchema` lists, written from the specification. */
function violations(schema: JsonSchema, value: unknown): string[] {
  const found: string[] = [];
  const check = (holds: boolean, what: string) => {
    if (!holds) found.push(`${JSON.stringify(value)} breaks ${what}`);
  };
  const isInteger = typeof value === "number" && Number.isSafeInteger(value);
  const types = {
    object: typeof value === "object" && value !== null && !Array.isArray(value),
    array: Array.isArray(value),
    string: typeof value === "string",
    number: typeof value === "number",
    integer: isInteger,
    boolean: typeof value === "boolean",
    null: value === null,
  };
  if (schema.type) check(types[schema.type], "type");
  if (schema.const !== undefined) check(value === schema.const, "const");
  if (schema.enum) check(schema.enum.includes(value), "enum");
  if (schema.anyOf)
    check(
      schema.anyOf.some((member) => violations(member, value).length === 0),
      "anyOf",
    );
  if (schema.oneOf)
    check(schema.oneOf.filter((member) => violations(member, value).length === 0).length === 1, "oneOf");
  if (typeof value === "number") {
    check(value >= (schema.minimum ?? value), "minimum");
    check(value <= (schema.maximum ?? value), "maximum");
    check(schema.exclusiveMinimum === undefined || value > schema.exclusiveMinimum, "exclusiveMinimum");
    check(schema.exclusiveMaximum === undefined || value < schema.exclusiveMaximum, "exclusiveMaximum");
    check(value % (schema.multipleOf ?? value) === 0 || value === 0, "multipleOf");
  }
  if (typeof value === "string") {
    check(new RegExp(schema.pattern ?? "").test(value), "pattern");
    check(value.length >= (schema.minLength ?? 0) && value.length <= (schema.maxLength ?? value.length), "length");
  }
  if (Array.isArray(value)) {
    check(value.length >= (schema.minItems ?? 0) && value.length <= (schema.maxItems ?? value.length), "items");
    for (const entry of value) found.push(...violations(schema.items ?? {}, entry));
  }
  if (types.object) {
    const fields = value as Record<string, unknown>;
    for (const key of schema.required ?? []) check(key in fields, `required ${key}`);
    for (const [key, field] of Object.entries(fields)) {
      const property = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      if (property) found.push(...violations(property, field));
      else check(schema.additionalProperties !== false, `additionalProperties ${key}`);
    }
  }
  return found;
}
