import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { defineConfig } from "vitest/config";
import { seconds, slowness } from "./test/support/speed.ts";

/** Tests of Verilator, Icarus Verilog, a Valkey server and Slurm, and those of Yosys that take longer. */
const TOOLS = "**/*.tools.test.ts";
/** Tests of pages in a browser. */
const BROWSER = "**/*.browser.test.ts";
/** Tests of a GPU, or of a driver that is one in software. */
const WEBGPU = "**/*.webgpu.test.ts";

/** Verilator compiles its runtime with every model, half of the time of a small one; with ccache, once. */
const found = (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "ccache")));
const COMPILING: Record<string, string> = found ? { OBJCACHE: "ccache" } : {};

/** A limit ends a test that hangs; it grows with the load of the machine. */
const factor = slowness();
const within = (count: number) => {
  const timeout = seconds(count, factor);
  return { testTimeout: timeout, hookTimeout: timeout };
};

export default defineConfig({
  test: {
    ...within(120),
    // What is awaited in a page that computes; its second alone is too short on a machine with other work.
    expect: { poll: { timeout: seconds(30, factor) } },
    env: { XPIKE_SLOWNESS: String(factor) },
    // A file has a tag by `// @module-tag slow`. `npm run test:fast` leaves out the first two, `npm run docs:update` runs the third.
    tags: [
      { name: "slow", description: "Takes seconds, in this process." },
      { name: "program", description: "Starts programs.", timeout: within(300).testTimeout },
      // `npm test` leaves it out, `npm run test:all` and the nightly job run it: by options of a test.
      { name: "nightly", description: "Takes compilers, simulators, provers or pages long; shorter tests run the same code." },
      { name: "page", description: "Compares a page, table or figure with its source, and writes it with `-u`." },
    ],
    // Many tests wait for a browser, a server or a signal: one more at work than there are cores.
    maxWorkers: availableParallelism() + 1,
    reporters: ["default", "./test/support/closing-line.ts"],
    // Examples import the package by its name; tests run them on the sources.
    alias: [
      { find: /^xpikeformer$/, replacement: join(import.meta.dirname, "src/index.ts") },
      { find: /^xpikeformer\/(cost|rtl|report|node|internal)$/, replacement: join(import.meta.dirname, "src/$1.ts") },
    ],
    // The built package is loaded by Node itself, as its users load it.
    server: { deps: { external: [/\/dist\/.*\.js$/] } },
    projects: [
      {
        extends: true,
        // Here and below, files share the modules that they load: what a module keeps between calls changes no result.
        test: { name: "unit", include: ["{src,test}/**/*.test.ts"], exclude: [TOOLS, BROWSER, WEBGPU], isolate: false },
      },
      { extends: true, test: { name: "browser", include: [`{src,test}/${BROWSER}`], isolate: false, ...within(400) } },
      // A driver that fails takes its process along.
      { extends: true, test: { name: "webgpu", include: [`{src,test}/${WEBGPU}`], pool: "forks", fileParallelism: false } },
      // Compilers and provers that take half a minute alone take several next to others.
      {
        extends: true,
        test: { name: "tools", include: [`{src,test}/${TOOLS}`], isolate: false, ...within(600), env: COMPILING },
      },
    ],
  },
});
