// @module-tag slow
/** The results recorded in `test/golden/fingerprints.json`; `npm run fingerprints` names what differs, and records. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { differingParts, fingerprintOf, type Parts, resultsOf } from "../bench/fingerprint.ts";
import { CASE_NAMES, openCase } from "../bench/fingerprint-cases.ts";
import type { SpikeCount } from "../src/simulation/trace.ts";

const recorded: Readonly<Record<string, Parts<string>>> = JSON.parse(
  readFileSync(new URL("golden/fingerprints.json", import.meta.url), "utf8"),
).experiments;

const advice =
  "Results differ from the recorded ones in these parts. If they may, record them with `npm run fingerprints -- --update`, and say why in the commit";

test("every experiment is recorded, and no other", () => {
  expect(Object.keys(recorded)).toEqual(CASE_NAMES);
});

for (const name of CASE_NAMES) {
  test(`${name} gives the recorded results to the last bit`, async () => {
    const results = await resultsOf(openCase(name));
    expect(differingParts(fingerprintOf(results), recorded[name]), advice).toEqual([]);
    // A silent layer would hide what comes after it.
    const { spikes = {} } = (results["reference chip"] ?? {}) as { readonly spikes?: Record<string, SpikeCount> };
    const silent = Object.entries(spikes).filter(([, { ones, bits }]) => ones === 0 && bits > 0);
    expect(silent).toEqual([]);
  });
}

test("one bit of any number, or one letter of any text, changes the fingerprint of its part alone", async () => {
  const results = await resultsOf(openCase("stem"));
  const before = fingerprintOf(results);
  expect(Object.keys(before)).toEqual(
    expect.arrayContaining(["forward", "fast chip", "schedule", "price", "machine RTL"]),
  );
  for (const part of Object.keys(results)) {
    const changed = { ...results, [part]: withLastBitFlipped(results[part]) };
    expect(differingParts(fingerprintOf(changed), before)).toEqual([part]);
  }
});

/** The same value, except in the last number or text that it contains. */
function withLastBitFlipped(value: unknown): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") {
    const bits = new BigUint64Array(Float64Array.of(value).buffer);
    bits[0] ^= 1n;
    return new Float64Array(bits.buffer)[0];
  }
  if (typeof value === "string")
    return value.slice(0, -1) + String.fromCharCode(value.charCodeAt(value.length - 1) ^ 1);
  if (ArrayBuffer.isView(value)) {
    const copy = structuredClone(value);
    new Uint8Array(copy.buffer, copy.byteOffset)[0] ^= 1;
    return copy;
  }
  const holds = (entry: unknown): boolean =>
    typeof entry === "object" && entry !== null
      ? Object.values(entry).some(holds)
      : entry !== undefined && entry !== null;
  const [key, last] = Object.entries(value as object).findLast(([, entry]) => holds(entry))!;
  const flipped = withLastBitFlipped(last);
  return Array.isArray(value) ? value.with(Number(key), flipped) : { ...(value as object), [key]: flipped };
}
