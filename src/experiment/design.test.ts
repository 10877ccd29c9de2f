import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { parseDesign } from "./design.ts";

test("a design is short, with comments, and its defaults are a grid, error rate and energy", () => {
  expect(
    parseDesign('{ "experiment": "preset:wireless-2x2", /* one axis */ "axes": { "model.steps": [4, 8] } }'),
  ).toEqual({
    name: "sweep",
    seed: 1,
    experiment: "preset:wireless-2x2",
    axes: { "model.steps": [4, 8] },
    sampling: { kind: "grid" },
    objectives: ["errorRate", "energy"],
    constraints: {},
  });
});

describe("axes", () => {
  const ADC = "hardware.adc";
  const DEVICE = "hardware.crossbar.device";
  const parse = (axes: object) => parseDesign({ experiment: {}, axes }, "d.json");

  test.each([
    [{ [ADC]: [{ mode: "pair", sharing: 8 }, { mode: "differential" }], [`${ADC}.bits`]: [4, 5] }],
    [{ [`${ADC}.bits`]: [4, 5], [ADC]: [{ mode: "pair" }] }],
    [{ [`${ADC}.bits`]: { from: 4, to: 5 }, [`${ADC}.bit`]: [1] }],
    [{ [ADC]: [{ bits: 4 }, { mode: "pair", bits: 5 }], preset: ["wireless-2x2"] }],
    [{ [DEVICE]: [{ kind: "pcm" }, { kind: "hermes" }], [`${DEVICE}.devices`]: [1, 2] }],
    [{ "training.stages.0.steps": [1], "training.stages.1.steps": [2] }],
  ])("that set fields of their own go together: %j", (axes) => {
    expect(Object.keys(parse(axes).axes)).toEqual(Object.keys(axes));
  });

  test.each([
    [{ [ADC]: [{ bits: 4 }, { bits: 5 }], [`${ADC}.bits`]: [6, 7] }, `${ADC}.bits`, `and ${ADC} both set ${ADC}.bits`],
    [{ [`${ADC}.bits`]: { from: 4, to: 5 }, [ADC]: [{ mode: "pair" }, { bits: 5 }] }, ADC, `and ${ADC}.bits both set`],
    [{ hardware: [{ adc: { bits: 4 } }], [ADC]: [{ bits: 5 }] }, ADC, "and hardware both set"],
    [{ [`${ADC}.errors.gain`]: [0.1], [`${ADC}.errors`]: [null, {}] }, `${ADC}.errors`, `both set ${ADC}.errors`],
    [{ "training.stages": [[{}]], "training.stages.0.steps": [1] }, "training.stages.0.steps", "set training.stages"],
    [{ [`${DEVICE}.devices`]: [1], [`${DEVICE}.kind`]: ["pcm"] }, `${DEVICE}.kind`, `before ${DEVICE}.devices`],
    [{ [`${DEVICE}.devices`]: [1], [DEVICE]: [{ kind: "pcm" }] }, DEVICE, `Write ${DEVICE} before`],
  ])("of which one would overwrite the other are refused: %j", (axes, axis, message) => {
    expect(() => parse(axes)).toThrow(expect.objectContaining({ path: `axes["${axis}"]` }));
    expect(() => parse(axes)).toThrow(message);
  });
});

describe("is refused, with the field", () => {
  const axis = (axis: unknown) => ({ axes: { "model.steps": axis } });
  test.each([
    [{ axes: { "model steps": [1] } }, 'axes["model steps"]', /Write names joined by dots/],
    [
      axis([]),
      'axes["model.steps"]',
      /is \[\]; allowed: a list of 1 to 10000 entries, each any value or an object with from/,
    ],
    [axis({ from: 2, to: 1 }), 'axes["model.steps"].to', /the range is empty/],
    [axis({ from: 0, to: 1, scale: "log" }), 'axes["model.steps"].from', /starts above 0/],
    [axis({ from: 0, to: 1, count: 1 }), 'axes["model.steps"].count', /an integer from 2/],
    [{ objectives: ["eror"] }, "objectives[0]", /errorRate/],
    [{ objectives: [] }, "objectives", /list/],
    [{ constraints: { area: { max: 1 } } }, "constraints.area.max", /is not a known key/],
    [
      { constraints: { latency: { most: 1 } } },
      "constraints.latency",
      /not among the objectives \(errorRate, energy\).*Add it/,
    ],
    [{ constraints: { energy: { least: 2, most: 1 } } }, "constraints.energy.least", /Write the smaller number/],
    [{ sampling: { kind: "sobel", points: 3 } }, "sampling.kind", /Did you mean "sobol"/],
    [{ sampling: { kind: "random" } }, "sampling.points", /is missing/],
    [{ sampling: { kind: "search" } }, "sampling.points", /is missing/],
    [{ sampling: { kind: "search", points: 9, population: 3 } }, "sampling.population", /from 4 to 1000/],
    [{ budget: { chips: 1 } }, "budget.chips", /from 2 to 1000/],
    [{ budget: { growth: 1 } }, "budget.growth", /from 1.25 to 100/],
    [{ experiment: undefined }, "experiment", /experiment/],
  ])("%#: %j", (fields, path, message) => {
    try {
      parseDesign({ experiment: {}, axes: {}, ...fields }, "d.json");
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SpecError);
      expect((error as SpecError).path).toBe(path);
      expect((error as SpecError).message).toMatch(message);
    }
  });
});
