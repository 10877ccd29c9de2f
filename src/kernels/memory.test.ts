import { afterEach, expect, test, vi } from "vitest";
import { PlatformError } from "../errors.ts";
import { allocateMemory } from "./memory.ts";

afterEach(() => vi.unstubAllGlobals());

test("an error says that the system has too little memory, and what to do", () => {
  class Refused {
    constructor() {
      throw new RangeError("WebAssembly.Memory(): could not allocate memory");
    }
  }
  vi.stubGlobal("WebAssembly", { ...WebAssembly, Memory: Refused });
  expect(() => allocateMemory(2 ** 22, true)).toThrow(PlatformError);
  expect(() => allocateMemory(2 ** 22, true)).toThrow("did not provide 4 MiB");
});
