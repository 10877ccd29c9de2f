import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { parseExperiment } from "./parse.ts";
import { parseSweep, requireOneAge } from "./sweep.ts";

const base = parseExperiment({ hardware: { crossbar: { clippingQuantile: 0.998 } } });
const valuesOf = (text: string) => parseSweep(text, base).points.map(({ value }) => value);

describe("a sweep", () => {
  test("takes ranges, lists, floats, words and null, in the order written", () => {
    expect(valuesOf("adc.bits=4..8")).toEqual([4, 5, 6, 7, 8]);
    expect(valuesOf("adc.bits=7,4..5,null")).toEqual([7, 4, 5, null]);
    expect(valuesOf("crossbar.clippingQuantile=0.99, .995,1")).toEqual([0.99, 0.995, 1]);
    expect(valuesOf("readTime=1e3,2.5e-1")).toEqual([1000, 0.25]);
    expect(valuesOf("crossbar.pairs=physical,aihwkit")).toEqual(["physical", "aihwkit"]);
  });

  test("changes its field and nothing else", () => {
    const { field, points } = parseSweep("hardware.adc.bits=6", base);
    expect(field).toBe("hardware.adc.bits");
    const { hardware } = base;
    expect(points[0].experiment).toEqual({ ...base, hardware: { ...hardware, adc: { ...hardware.adc, bits: 6 } } });
    expect(base.hardware.adc.bits).toBe(5);
  });

  test("goes over time steps of the model", () => {
    const { field, points } = parseSweep("steps=1..3", base);
    expect(field).toBe("model.steps");
    expect(points.map(({ experiment }) => experiment.model)).toMatchObject([{ steps: 1 }, { steps: 2 }, { steps: 3 }]);
    expect(points[0].experiment.hardware).toEqual(base.hardware);
  });

  test("of a kind replaces the object, whose other fields belong to the old kind", () => {
    const [, hermes] = parseSweep("crossbar.device.kind=pcm,hermes", base).points;
    expect(hermes.experiment.hardware.crossbar.device).toMatchObject({ kind: "hermes", devices: 2 });
    expect(hermes.experiment.hardware.crossbar.clippingQuantile).toBe(0.998);
  });

  test("of the time of reading takes no ages beside it, any other does", () => {
    const [time, bits] = ["readTime=1,2", "adc.bits=4,5"].map((text) => parseSweep(text, base));
    expect(() => requireOneAge(time, ["1s"])).toThrow(/both set when chips are read.*Keep one/);
    expect(() => requireOneAge(time, ["1s"])).toThrow(expect.objectContaining({ path: "sweep" }));
    requireOneAge(time, []);
    requireOneAge(bits, ["1s"]);
  });

  test.each([
    ["adc.bits", "sweep", "Write field=values"],
    ["adc.bits=", "sweep", "Write field=values"],
    ["adc.bits=4=5", "sweep", "Write field=values"],
    ["adc.bits=8..4", "sweep", "the smaller number first"],
    ["adc.bits=4,4", "sweep", "4 is listed twice"],
    ["adc.bits=0x4", "sweep", "is not a value"],
    ["adc.bits=4..", "sweep", "is not a value"],
    ["chips=1,2", "sweep", "Set their number with --chips"],
    ["hardware.chips=3", "sweep", "the same chips"],
    ["readTime=1..1000000000", "sweep", "the limit of 100"],
    ["adc.__proto__=1", "sweep", "not the name of a field"],
    ["adc.bit=4", "hardware.adc.bit", "did you mean `bits`"],
    ["adcs.bits=4", "hardware.adcs", "did you mean `adc`"],
    ["adc.bits.more=4", "hardware.adc.bits", "an integer from 1 to 16"],
    ["adc.bits=4,17", "hardware.adc.bits", "an integer from 1 to 16"],
    ["crossbar.pairs=aihwkti", "hardware.crossbar.pairs", 'Did you mean "aihwkit"'],
    ["adc.toString=1", "hardware.adc.toString", "is not a known key"],
    ["readTime=1,1h", "hardware.readTime", "1h is 1 x 3600 s, so write 3600"],
    ["steps=0..2", "model.steps", "an integer from 1"],
  ])("%j is refused at %s: %s", (text, path, message) => {
    try {
      parseSweep(text, base);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SpecError);
      expect(error).toMatchObject({ path, message: expect.stringContaining(message) as string });
    }
  });
});
