// Copies the studio for any file server, with the same addresses as its own server (src/node/studio-server.ts).
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { withStudioPolicy } from "../site/policy.mjs";

const root = join(import.meta.dirname, "..");
const read = (path) => readFileSync(join(root, path), "utf8");

/** Writes the built studio into a new folder, with the experiments, their networks, and slices of image sets. */
export async function copyStudio(folder) {
  const { FASHION_SLICE, MNIST_SLICE, STUDIO_POLICY, bundledNetwork, bundledNetworks } = await import(
    "xpikeformer/node"
  );
  cpSync(join(root, "dist/studio"), folder, { recursive: true });
  const page = join(folder, "index.html");
  writeFileSync(page, withStudioPolicy(readFileSync(page, "utf8"), STUDIO_POLICY));
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
}

const jsonBlocks = (page) => Array.from(page.matchAll(/^```json\n([\s\S]*?)^```/gm), ([, text]) => text);

/** The bundled networks that the studio loads for an experiment: the one on its chips, the ANN beside it, and those for training. */
const networksOf = ({ checkpoints = {}, training = {} }) =>
  [checkpoints.network, checkpoints.ann, training.teacher, training.initial]
    .flat()
    .filter((name) => name?.startsWith("bundled:"))
    .map((name) => name.slice("bundled:".length));
