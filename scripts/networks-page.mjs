// The tables of networks/README.md, from networks/manifest.json. `npx vitest run test/networks-page.test.ts -u` writes them.
import { readFileSync } from "node:fs";

const { networks } = JSON.parse(readFileSync(new URL("../networks/manifest.json", import.meta.url), "utf8"));

const code = (text) => `\`${text}\``;
const link = (path) => {
  const [folder, file] = path.split("/");
  return `[${file.replace(".json", "")}](${folder === "networks" ? file : `../${path}`})`;
};
/** The starting point of a training, with the network's name formatted as code. */
const start = (from) => from?.replace(/[a-z0-9]+-[a-z0-9-]+/, code) ?? "";

export const networkTables = {
  networks: () => ({
    head: ["network", "experiment", "seeds", "steps", "started from", "best validation"],
    text: 6,
    rows: networks
      .filter(({ file }) => file !== null)
      .map(({ name, experiment, seeds, steps, from, result }) => [
        code(name),
        link(experiment),
        seeds.join(", "),
        steps.toLocaleString("en"),
        start(from),
        result,
      ]),
  }),
  "dropped-networks": () => ({
    head: ["network in the history", "experiment"],
    text: 2,
    rows: networks.filter(({ file }) => file === null).map(({ name, experiment }) => [code(name), link(experiment)]),
  }),
};
