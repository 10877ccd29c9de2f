import { afterEach, expect, test, vi } from "vitest";
import { PlatformError } from "../errors.ts";
import { allocateMemory } from "./memory.ts";

afterEach(() => vi.unstubAllGlobals());

test("a system that gives no memory is said to lack it, with the way out", () => {
  class Refused {
    constructor() {
      throw new RangeError("WebAssembly.Memory(): could not allocate memory");
    }
  }
  vi.stubGlobal("WebAssembly", { ...WebAssembly, Memory: Refused });
  expect(() => allocateMemory(2 ** 22, true)).toThrow(PlatformError);
  expect(() => allocateMemory(2 ** 22, true)).toThrow("did not provide 4 MiB");
});
