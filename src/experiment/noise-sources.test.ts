import { describe, expect, test } from "vitest";
import { missingNoise, noiseSources, withNoiseAlone, withNoiseOf, withoutNoise } from "./noise-sources.ts";
import { parseExperiment } from "./parse.ts";

const hardwareOf = (hardware: object) => parseExperiment({ hardware }).hardware;

const loud = hardwareOf({
  crossbar: { spread: 0.1, stuck: { atZero: 0.01 }, wires: { lines: 0.3 } },
  adc: { errors: { gainSpread: 0.02 } },
});

const machines = [
  ["the defaults", hardwareOf({}), ["levels", "programming", "read", "drift", "rounding", "bytes"]],
  [
    "all that can be",
    loud,
    ["levels", "programming", "read", "drift", "spread", "stuck", "wires", "rounding", "converters", "bytes"],
  ],
  [
    "columns without converters",
    hardwareOf({ readOut: { feedForwardUp: "charge", circuit: { offset: 5, trim: {} } } }),
    ["levels", "programming", "read", "drift", "rounding", "columns", "bytes"],
  ],
  [
    "resistive memory",
    hardwareOf({ crossbar: { device: { kind: "reram" } } }),
    ["levels", "relaxation", "rounding", "bytes"],
  ],
  [
    "no noise at all",
    hardwareOf({
      crossbar: { device: { kind: "ideal" }, conductanceBits: null },
      adc: { bits: null },
      arithmetic: null,
      ssa: { random: "ideal" },
    }),
    [],
  ],
] as const;

describe.each(machines)("%s", (_, hardware, expected) => {
  const ids = noiseSources(hardware).map(({ id }) => id);

  test("has these sources", () => {
    expect(ids).toEqual(expected);
  });

  test.each(expected.map((id) => [id]))("without %s has the others, and is still an experiment", (id) => {
    const rest = withoutNoise(hardware, [id]);
    const gone = id === "rounding" ? ["rounding", "converters", "columns"] : [id];
    expect(noiseSources(rest).map((source) => source.id)).toEqual(ids.filter((other) => !gone.includes(other)));
    expect(hardwareOf(rest)).toEqual(rest);
  });

  test.each(expected.map((id) => [id]))("with %s alone has it, and is still an experiment", (id) => {
    const alone = withNoiseAlone(hardware, id);
    const kept = id === "converters" || id === "columns" ? ["rounding", id] : [id];
    expect(noiseSources(alone).map((source) => source.id)).toEqual(kept);
    expect(hardwareOf(alone)).toEqual(alone);
  });

  test.each(expected.map((id) => [id]))("gets %s back as it had it", (id) => {
    const rest = withoutNoise(hardware, [id]);
    const missing = missingNoise(rest, hardware).map((source) => source.id);
    // Errors of converters come back after their codes.
    expect(missing).toEqual([id]);
    const again = withNoiseOf(rest, hardware, id);
    const errors = id === "rounding" && ids.includes("converters");
    expect(errors ? withNoiseOf(again, hardware, "converters") : again).toEqual(hardware);
  });

  test("with none of them has none", () => {
    expect(noiseSources(withNoiseAlone(hardware, null))).toEqual([]);
  });
});

test("a device of another kind takes no source that it does not have", () => {
  const resistive = hardwareOf({ crossbar: { device: { kind: "reram" } } });
  expect(missingNoise(resistive, loud).map(({ id }) => id)).toEqual(["spread", "stuck", "wires", "converters"]);
  expect(withNoiseOf(resistive, loud, "drift")).toBe(resistive);
});

test("what is left keeps its settings", () => {
  const alone = withNoiseAlone(loud, "stuck");
  expect(alone.crossbar.stuck).toEqual(loud.crossbar.stuck);
  expect({ ...alone.adc, bits: 0, errors: 0 }).toEqual({ ...loud.adc, bits: 0, errors: 0 });
  expect(withoutNoise(loud, [])).toBe(loud);
});
