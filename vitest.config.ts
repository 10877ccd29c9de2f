import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Tests of Verilator, Icarus Verilog, the installed Yosys, a Valkey server and Slurm. */
const TOOLS = "**/*.tools.test.ts";

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Many tests wait for a browser, a server or a signal: one more at work than there are cores.
    maxWorkers: availableParallelism() + 1,
    reporters: ["default", "./test/support/closing-line.ts"],
    // Examples import the package by its name; tests run them on the sources.
    alias: [{ find: /^xpikeformer$/, replacement: join(import.meta.dirname, "src/index.ts") }],
    // The built package is loaded by Node itself, as its users load it.
    server: { deps: { external: [/\/dist\/.*\.js$/] } },
    projects: [
      {
        extends: true,
        // Files share the modules that they load, which was a fifth of the time: what a module keeps between calls changes no result.
        test: { name: "unit", include: ["{src,test}/**/*.test.ts"], exclude: [TOOLS], isolate: false },
      },
      {
        extends: true,
        // Compilers and provers that take half a minute alone take several next to others.
        test: { name: "tools", include: [`{src,test}/${TOOLS}`], testTimeout: 300_000, hookTimeout: 300_000 },
      },
    ],
  },
});
