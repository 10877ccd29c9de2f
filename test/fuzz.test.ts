// @module-tag program
/** A short `npm run fuzz`: near-valid files, specs and options are read, or refused with an error for users. */
import { expect, test } from "vitest";
import { fuzzInputs } from "../bench/fuzz-inputs.ts";
import { READERS } from "../bench/fuzz-readers.ts";

/** Readers that decode images or check whole reports take milliseconds each. */
const MOST = 80;

test.each(Object.keys(READERS))("%s: no stack, no hang, no memory", async (name) => {
  const count = Math.min(MOST, Math.ceil(READERS[name].share / 200));
  expect(await fuzzInputs(name, { seed: 7, from: 0, count })).toEqual([]);
});
