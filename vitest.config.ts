import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    // Examples import the package by its name; tests run them on the sources.
    alias: [{ find: /^xpikeformer$/, replacement: join(import.meta.dirname, "src/index.ts") }],
    // The built package is loaded by Node itself, as its users load it.
    server: { deps: { external: [/\/dist\/.*\.js$/] } },
  },
});
