import type { TestOptions } from "vitest";

/** Options of a test that compilers, simulators, provers or pages work on for long, while shorter ones test the same code; see `vitest.config.ts`. */
export const NIGHTLY: TestOptions = { tags: ["nightly"] };
