/** Fragments of the studio's address; `studio-embed.browser.test.ts` opens them. */
import { expect, test } from "vitest";
import { type Address, fragmentOf, NOTHING, parseAddress, slugOf } from "../studio/src/state/address.ts";

test("a fragment of one text is a view, as links had it before there were other parts", () => {
  expect(parseAddress("q1bKT-_x9")).toEqual({ ...NOTHING, view: "q1bKT-_x9" });
  expect(parseAddress("")).toEqual(NOTHING);
});

test("parts are read in any order", () => {
  expect(parseAddress("knobs=time-steps,adc-bits&stop=a-code&embed&backend=webgpu&example=mnist")).toEqual({
    ...{ embedded: true, view: null, example: "mnist", show: null },
    ...{ stop: "a-code", knobs: ["time-steps", "adc-bits"], backend: "webgpu" },
  });
  expect(parseAddress("embed")).toEqual({ ...NOTHING, embedded: true });
});

test.each<Partial<Address>>([
  { view: "q1bKT-_x9" },
  { view: "q1bKT-_x9", stop: "a-code" },
  { embedded: true, example: "mnist", show: "year", knobs: ["age"] },
  { embedded: true, view: "q1bKT-_x9" },
])("%o is written and read back", (given) => {
  const address = { ...NOTHING, ...given };
  expect(parseAddress(fragmentOf(address))).toEqual(address);
});

test("a link does not pass on what computes, which depends on the machine", () => {
  expect(fragmentOf({ ...NOTHING, example: "mnist", backend: "webgpu" })).toBe("example=mnist");
});

test("an unknown part, figure or backend is refused, with those that exist", () => {
  expect(() => parseAddress("embed&figure=plane")).toThrow(/Links have no figure\..*show/);
  expect(() => parseAddress("embed&show=chart")).toThrow(/no figure chart.*prompt, overview, panel/);
  expect(() => parseAddress("backend=cuda")).toThrow(/no backend cuda.*auto, wasm, webgpu/);
});

test("names are written in small letters with hyphens", () => {
  expect(slugOf("A year later")).toBe("a-year-later");
});
