import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { defineConfig, type Plugin } from "vite";

const root = join(import.meta.dirname, "..");

/**
 * Builds workers as chunks of the page's own build, so that they share common code, above all the package. Vite would bundle each worker
 * with a copy.
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

/** Vite announces a part that does not load on `window`, which workers lack: they would report that instead of the file. */
const failuresInWorkers: Plugin = {
  name: "failures-in-workers",
  apply: "build",
  transform: {
    filter: { code: "window.dispatchEvent(" },
    handler: (code) => code.replaceAll("window.dispatchEvent(", "globalThis.dispatchEvent("),
  },
};

/** Has browsers run the script that starts the workers before that of the page, which is large. */
const earlyWorkers: Plugin = {
  name: "early-workers",
  apply: "build",
  buildStart() {
    this.emitFile({ type: "chunk", id: join(import.meta.dirname, STARTED), preserveSignature: false });
  },
  transformIndexHtml: {
    order: "post",
    handler(_, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const { fileName } = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(STARTED))!;
      const attrs = { type: "module", crossorigin: true, src: `./${fileName}` };
      return [{ tag: "script", attrs, injectTo: "head-prepend" as const }];
    },
  },
};

const STARTED = "src/state/started.ts";

/** The front of machines that experiments/front measured, as the module `virtual:front`. */
const measuredFront: Plugin = {
  name: "measured-front",
  resolveId: (id) => (id === "virtual:front" ? `\0${id}` : null),
  async load(id) {
    if (id !== "\0virtual:front") return null;
    const { frontRecord } = await import(pathToFileURL(join(root, "experiments/front/tables.mjs")).href);
    return `export default ${JSON.stringify(frontRecord("wireless-2x2"))};`;
  },
};

/**
 * Zod tests whether it may compile functions. The page's content security policy forbids that, and browsers report the attempt. This is
 * zod's own switch against it, set in the file that holds zod, before it.
 */
const banner = ({ moduleIds }: { moduleIds: readonly string[] }) =>
  moduleIds.some((id) => id.includes("/zod/")) ? "globalThis.__zod_globalConfig={jitless:true};" : "";

export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses, so that any folder of a server will do.
  base: "./",
  plugins: [sharedWorkers, failuresInWorkers, earlyWorkers, measuredFront],
  resolve: {
    // From its sources, a file of a page has only what that page needs. A program of dist/ is a whole folder, which one page would bring to all.
    alias: [
      { find: /^xpikeformer$/, replacement: join(root, "src/index.ts") },
      { find: /^xpikeformer\/(\w+)$/, replacement: join(root, "src/$1.ts") },
    ],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: join(root, "dist/studio"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    // Workers import modules too, but have no document for preloading.
    modulePreload: { resolveDependencies: (_, files, { hostType }) => (hostType === "html" ? files : []) },
    // test/studio.browser.test.ts limits the total size.
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { output: { banner } },
  },
});
