// @module-tag slow
/** What a person may set, and what is refused. */
import { describe, expect, test } from "vitest";
import { CostError } from "../errors.ts";
import { estimateCost } from "./cost.ts";
import { PARAMETER_IDS, PARAMETERS } from "./parameters.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
import { findWorkload } from "./workloads.ts";

const preset = findCostPreset("bottom-up");
const refusal = (work: () => unknown): CostError => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(CostError);
    return error as CostError;
  }
  throw new Error("nothing was refused");
};

describe("a value", () => {
  test.each([
    ["conversion5", "1 pJ", 1e-12],
    ["conversion5", "800fJ", 0.8e-12],
    ["gpuEfficiency", "1.2Top/J", 1.2e12],
    ["adcBits", "6", 6],
    ["weightBuffer", "8MB", 8 * 1024 ** 2],
    ["sacArea", "120um2", 120e-12],
    ["ssaClock", "500 MHz", 5e8],
    ["dramBit", "5 pJ/bit", 5e-12],
    ["rows", "256", 256],
  ] as const)("%s = %s", (id, text, value) => {
    const { technology, prices } = resolveTechnology(preset, { set: { [id]: text } });
    expect(technology[id] / value).toBeCloseTo(1, 12);
    expect(prices[id].source).toBe("chosen");
  });

  test("can be a price of another source", () => {
    const { technology, prices } = resolveTechnology(preset, { set: { conversion5: "shafiee-isca-2016.conversion5" } });
    expect(technology.conversion5).toBe(prices.conversion5.value);
    expect(prices.conversion5.source).toBe("shafiee-isca-2016");
  });

  test("counts as scaled if scaling changes it, which excludes zero", () => {
    for (const node of [22, 32, 45, 65]) {
      const { technology, prices, notes } = resolveTechnology(preset, { node, set: { conversion5: "0 pJ" } });
      const changed = PARAMETER_IDS.filter((id) => technology[id] !== prices[id].value).length;
      const [, counted] = /(\d+) prices published for .* are scaled to/.exec(notes.join("\n")) ?? [];
      expect(Number(counted ?? 0), `${node} nm`).toBe(changed);
    }
  });

  test("is scaled to the node from the node of the price it replaces", () => {
    const { technology } = resolveTechnology(preset, { node: 22, set: { conversion5: "1 pJ" } });
    expect(technology.conversion5 / 0.357e-12).toBeCloseTo(1, 12);
  });
});

test("a number without a unit is accepted for counts; otherwise the message shows a valid one", () => {
  const tried = (id: string, text: string) => resolveTechnology(preset, { set: { [id]: text } });
  for (const id of PARAMETER_IDS) {
    if (["1", "bit"].includes(PARAMETERS[id].unit)) {
      expect(tried(id, "8").prices[id].value, id).toBe(8);
      continue;
    }
    const { message } = refusal(() => tried(id, "8"));
    expect(message, id).toContain('but "8" has no unit');
    const example = /for example (\S+)\.$/.exec(message)![1];
    expect(tried(id, example).prices[id].value, `${id}=${example}`).toBeGreaterThan(0);
  }
});

describe("is refused, with a remedy", () => {
  test.each([
    [{ set: { convesion5: "1 pJ" } }, /Did you mean conversion5\?/],
    [{ set: { conversion5: "1 ns" } }, /5-bit conversion is in J, but "1 ns" is in ns/],
    [{ set: { conversion5: "horowitz-isscc-2014.dramBit" } }, /is in J, but .* is in J\/bit\. Choose a price in J/],
    [
      { set: { conversion5: "shafiee-isca-2061.conversion5" } },
      /no source "shafiee-isca-2061".*Did you mean shafiee-isca-2016\?/,
    ],
    [{ set: { conversion5: "shafiee-isca-2016.conversion4" } }, /no price "conversion4"/],
    [{ set: { conversion5: "cheap" } }, /neither a number nor a price/],
    [{ set: { conversion5: "-1 pJ" } }, /at least 0/],
    [{ set: { rows: "0" } }, /divides by it/],
    [{ set: { conversion5: "1e300J" } }, /5-bit conversion is 1e\+300 J; give 0, or a value from 1e-30 to 1e\+30/],
    [{ set: { ssaClock: 1e-300 } }, /is 1e-300 Hz; give 0/],
    [{ node: 14 }, /node is 14 nm, but .* covers 22 to 65 nm.*--extrapolate/],
    [{ node: 3, extrapolate: true }, /out of range/],
  ])("%j", (choice, message) => {
    const error = refusal(() => resolveTechnology(preset, choice));
    expect(error.message.replaceAll("\n", " ")).toMatch(message);
  });

  test("an unknown preset or workload", () => {
    expect(refusal(() => findCostPreset("botom-up")).message).toContain("Did you mean bottom-up?");
    expect(refusal(() => findWorkload("vit-8-768-imagnet")).message).toContain("Did you mean vit-8-768-imagenet?");
  });
});

describe("is noted", () => {
  test("mixed nodes, of blocks and of sources", () => {
    expect(resolveTechnology(preset).notes).toEqual([]);
    const mixed = resolveTechnology(preset, { nodes: { digital: 65, aimc: 22 } });
    expect(mixed.notes[0]).toContain("Nodes are mixed: digital at 65 nm, aimc at 22 nm, the rest at 45 nm");
    expect(resolveTechnology(preset, { node: 32 }).notes[0]).toContain("scaled to 32 nm");
  });

  test("an extrapolation", () => {
    const { notes } = resolveTechnology(preset, { node: 14, extrapolate: true });
    expect(notes.some((note) => note.includes("sram energies are extrapolated to 14 nm"))).toBe(true);
  });
});

test.each(["rows", "columns", "arrayRows", "columnsPerConverter", "ssaTiles"] as const)(
  "%s are counted one by one",
  (id) => {
    for (const value of [0.5, 1e-30, 64.5]) {
      const error = refusal(() => resolveTechnology(preset, { set: { [id]: value } }));
      expect(error.message).toContain("Give a whole number of at least 1");
    }
  },
);

test("an energy that is not a number is refused, whatever setting caused it", () => {
  const workload = findWorkload("icl-4-256-2x2");
  const resolved = resolveTechnology(preset, { set: { sramExponent: 1e5 } });
  expect(refusal(() => estimateCost(workload, resolved)).path).toBe("set");
});

test("prices at both ends of the allowed range give numbers", () => {
  const workload = findWorkload("icl-4-256-2x2");
  for (const id of PARAMETER_IDS.filter((id) => !["1", "bit"].includes(PARAMETERS[id].unit))) {
    for (const value of [1e-30, 1e30]) {
      const { architectures } = estimateCost(workload, resolveTechnology(preset, { set: { [id]: value } }));
      const numbers = Object.values(architectures).flatMap(({ total, performance: { latency, interval, area } }) => [
        ...[total, latency, interval, area ?? 0, total * latency],
      ]);
      expect(numbers.every(Number.isFinite), `${id}=${value}`).toBe(true);
    }
  }
});

test("every parameter that is set to 0 gives numbers or a refusal, never infinities", () => {
  const workload = findWorkload("icl-4-256-2x2");
  for (const id of PARAMETER_IDS) {
    let resolved: ReturnType<typeof resolveTechnology>;
    try {
      resolved = resolveTechnology(preset, { set: { [id]: 0 } });
    } catch (error) {
      expect((error as CostError).message).toContain("divides by it");
      continue;
    }
    const { architectures, times, area } = estimateCost(workload, resolved);
    const numbers = [
      ...Object.values(architectures).flatMap(({ parts, performance: { latency, interval, area } }) => [
        ...Object.values(parts),
        ...[1 / latency, 1 / interval, area ?? 0],
      ]),
      ...[times.alone, times.interval, times.withMovement],
      ...Object.values(area.xpikeformer),
      ...Object.values(area.annDigital),
    ];
    expect(numbers.every(Number.isFinite), id).toBe(true);
  }
});
