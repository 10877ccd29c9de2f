/** `xpike cost validate`: every design in the table, with its reason; the same as JSON. */
import { expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { DESIGNS } from "../cost/validation/designs.ts";

const validate = async (...argv: string[]) => {
  const { code, out, err } = await runCommand("cost", "validate", "--draws", "50", ...argv);
  expect([code, err]).toEqual([0, ""]);
  return out;
};

test("the table has a row for every design, then what each measurement is of, and why the model differs", async () => {
  const out = await validate();
  const oneLine = out.replace(/\s+/g, " ");
  expect(oneLine).toMatch(/\d of 9 designs are within a factor of 2; the median factor is \d/);
  expect(out.indexOf("model /")).toBeGreaterThan(0);
  for (const { name, measured, why } of DESIGNS) {
    expect(oneLine).toContain(`${name}, ${measured.of}`);
    expect(oneLine).toContain(why);
  }
  expect(oneLine).not.toContain(DESIGNS[0].url);
});

test("--all adds parts, what was printed, and sources", async () => {
  const oneLine = (await validate("--all")).replace(/\s+/g, " ");
  for (const { measured, url } of DESIGNS) {
    expect(oneLine).toContain(measured.printed);
    expect(oneLine).toContain(url);
  }
  expect(oneLine).toMatch(/Model: cells [\d.]+ pJ, lines [\d.]+ fJ, converters [\d.]+ pJ/);
});

test("JSON has the same in SI units, and its shape is fixed", async () => {
  const found = JSON.parse(await validate("--json", "--seed", "7"));
  expect(Object.keys(found)).toEqual(["withinTwo", "medianFactor", "draws", "seed", "designs"]);
  expect(found).toMatchObject({ draws: 50, seed: 7 });
  const keys = [
    ...["id", "name", "geometry", "node", "supply", "measured", "reference", "url", "readIn", "why"],
    ...["parts", "total", "atNodeSupply", "ratio", "prices", "scaling", "inside"],
  ];
  expect(found.designs.map(({ id }: { id: string }) => id)).toEqual(DESIGNS.map(({ id }) => id));
  for (const one of found.designs) {
    expect(Object.keys(one).toSorted(), one.id).toEqual(keys.toSorted());
    expect(one.ratio * one.measured.value).toBeCloseTo(one.total, 18);
    expect(one.prices.low).toBeLessThan(one.prices.high);
  }
});

test("draws follow the seed, and 0 leaves their range out", async () => {
  const ranges = async (...argv: string[]) =>
    JSON.parse(await validate("--json", ...argv)).designs.map(({ prices }: { prices: object }) => prices);
  expect(await ranges("--seed", "3")).toEqual(await ranges("--seed", "3"));
  expect(await ranges("--seed", "3")).not.toEqual(await ranges("--seed", "4"));
  expect(await ranges("--draws", "0")).toEqual(DESIGNS.map(() => null));
});

test("cost still takes a workload, and options behind it", async () => {
  const { code, out } = await runCommand("cost", "--preset", "bottom-up");
  expect(code).toBe(0);
  expect(out).toContain("vit-8-768-imagenet");
  expect((await runCommand("cost", "validate", "--preset", "paper")).code).toBe(2);
});
