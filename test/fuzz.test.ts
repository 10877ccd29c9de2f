/** A small `npm run fuzz`: what is near to a valid file, spec or option is read, or refused with an error for people. */
import { expect, test } from "vitest";
import { fuzzInputs } from "../bench/fuzz-inputs.ts";
import { READERS } from "../bench/fuzz-readers.ts";

/** Readers that decode pictures or check whole reports take milliseconds each. */
const MOST = 80;

test.each(Object.keys(READERS))("%s: no stack, no hang, no memory", async (name) => {
  const count = Math.min(MOST, Math.ceil(READERS[name].share / 200));
  expect(await fuzzInputs(name, { seed: 7, from: 0, count })).toEqual([]);
});
