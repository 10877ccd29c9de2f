import { dirname, join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const root = join(import.meta.dirname, "..");

/**
 * Workers as chunks of the page's own build, so that all of them share what they have in common, the package above all: bundled one by
 * one, as Vite does it, each would hold a copy.
 */
const sharedWorkers: Plugin = {
  name: "shared-workers",
  enforce: "pre",
  apply: "build",
  transform: {
    filter: { code: "new Worker(new URL(" },
    handler(code, file) {
      return code.replace(/new URL\("(\.[^"]+)", import\.meta\.url\)/g, (_, path) => {
        const chunk = this.emitFile({ type: "chunk", id: join(dirname(file), path) });
        return `import.meta.ROLLUP_FILE_URL_${chunk}`;
      });
    },
  },
};

/**
 * Zod tries whether it may compile functions, which the page's content security policy forbids and browsers then report; this is
 * zod's own switch, set before it loads, in pages and workers alike.
 */
const banner = "globalThis.__zod_globalConfig={jitless:true};";

export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses, so that the folder can lie anywhere on a server.
  base: "./",
  plugins: [sharedWorkers],
  resolve: { alias: [{ find: /^xpikeformer$/, replacement: join(root, "dist/index.js") }] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: join(root, "dist/studio"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    // Workers import too, and have no document in which something could be loaded ahead.
    modulePreload: { resolveDependencies: (_, files, { hostType }) => (hostType === "html" ? files : []) },
    // The package comes whole; test/studio.test.ts holds the sizes.
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { output: { banner } },
  },
});
