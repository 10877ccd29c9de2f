// Copies the studio for any file server, with the same addresses as its own server (src/node/studio-server.ts), and with a service worker.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { withStudioPolicy } from "../site/policy.mjs";

const root = join(import.meta.dirname, "..");
const read = (path) => readFileSync(join(root, path), "utf8");

/** The examples of the studio's tabs, in their order: it opens the first. */
const TABS = ["wireless-2x2", "fashion-tiny", "mnist"];

/**
 * Writes the built studio into a new folder, with the experiments, their networks, and slices of image sets. `documentation` is the address
 * of the site from there, if it stands in one.
 */
export async function copyStudio(folder, documentation) {
  const { FASHION_SLICE, MNIST_SLICE, STUDIO_POLICY, bundledNetwork, bundledNetworks } = await import(
    "xpikeformer/node"
  );
  cpSync(join(root, "dist/studio"), folder, { recursive: true });
  const page = join(folder, "index.html");
  const told = Object.entries({ "service-worker": WORKER, ...(documentation && { documentation }) });
  const metas = told.map(([name, content]) => `<meta name="${name}" content="${content}">`).join("");
  const html = readFileSync(page, "utf8").replace("<title>", `${metas}$&`);
  writeFileSync(page, withStudioPolicy(html, STUDIO_POLICY));
  for (const name of ["examples", "networks", "data"]) mkdirSync(join(folder, name));
  const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".json"));
  for (const name of examples) cpSync(join(root, "examples", name), join(folder, "examples", name));
  const opened = [...examples.map((name) => read(join("examples", name))), ...jsonBlocks(read("docs/gallery.md"))];
  const present = new Set(bundledNetworks());
  for (const name of new Set(opened.flatMap((text) => networksOf(JSON.parse(text))))) {
    if (present.has(name)) cpSync(bundledNetwork(name), join(folder, "networks", `${name}.safetensors`));
  }
  for (const slice of [FASHION_SLICE, MNIST_SLICE]) {
    cpSync(slice, join(folder, "data", basename(slice)), { recursive: true });
  }
  // No experiment was opened from a command line.
  writeFileSync(join(folder, "opened"), "{}");
  // What the page needs, then the networks of its tabs, from the first. The others are kept when an experiment has opened them.
  const ofTabs = TABS.flatMap((name) => networksOf(JSON.parse(read(`examples/${name}.json`))));
  const networks = new Set(ofTabs.filter((name) => present.has(name)).map((name) => `networks/${name}.safetensors`));
  const others = filesBelow(folder).filter((path) => !path.startsWith("networks/"));
  writeWorker(folder, ["", ...others, ...networks]);
}

const WORKER = "service-worker.js";

/** Paths of the files below a folder, in order. */
const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => statSync(join(folder, name)).isFile())
    .toSorted();

/** Writes the service worker of a folder (site/service-worker.js), which keeps `files` at the request of a page. */
export function writeWorker(folder, files) {
  const hash = createHash("sha256");
  const sums = filesBelow(folder).flatMap((path) => {
    const bytes = readFileSync(join(folder, path));
    hash.update(path).update(bytes);
    // Some servers send these as encoded content, which browsers unpack.
    const forms = path.endsWith(".gz") ? [bytes, gunzipSync(bytes)] : [bytes];
    return forms.map((form) => createHash("sha256").update(`${path}\n`).update(form).digest("hex").slice(0, 16));
  });
  const constants = { BUILD: hash.digest("hex").slice(0, 16), FILES: files, SUMS: sums.join(" ") };
  const lines = Object.entries(constants).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`);
  writeFileSync(join(folder, WORKER), lines.join("") + read("site/service-worker.js"));
}

const jsonBlocks = (page) => Array.from(page.matchAll(/^```json\n([\s\S]*?)^```/gm), ([, text]) => text);

/** The bundled networks that the studio loads for an experiment: the one on its chips, the ANN beside it, and those for training. */
const networksOf = ({ checkpoints = {}, training = {} }) =>
  [checkpoints.network, checkpoints.ann, training.teacher, training.initial]
    .flat()
    .filter((name) => name?.startsWith("bundled:"))
    .map((name) => name.slice("bundled:".length));
