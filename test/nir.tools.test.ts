// @module-tag program
/**
 * NIR graphs exchanged with NIR's own program, in both directions. Skipped without a Python that has h5py and numpy (Debian: python3-h5py),
 * or without a checkout of NIR (github.com/neuromorphs/NIR) in the folder that the environment variable XPIKE_NIR names.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as hdf5 from "h5wasm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { modelSpec, type TransformerSpec } from "../src/experiment/model.ts";
import { decodeNir, encodeNir, type NirLeaf } from "../src/import/nir/graph.ts";
import { networkFromNir, networkToNir } from "../src/import/nir/network.ts";
import { runNir } from "../src/import/nir/run.ts";
import { numbersOf } from "../src/import/nir/tree.ts";
import type { Network } from "../src/model/network.ts";
import { tinyNetwork } from "./support/tiny-network.ts";
import { stemmed, tinyStem } from "./support/tiny-stem.ts";

const checkout = process.env.XPIKE_NIR ?? "";
const env = { ...process.env, PYTHONPATH: checkout };
const python = ["python3", "/usr/bin/python3"].find((program) => {
  try {
    execFileSync(program, ["-c", "import nir, h5py"], { env, stdio: "pipe" });
    return checkout !== "";
  } catch {
    return false;
  }
});

/** Both files read by h5py: groups, and arrays with type, shape and bytes; `version` may differ. */
const COMPARE = `
import sys, h5py
def walk(path):
    found = {}
    def visit(name, item):
        if isinstance(item, h5py.Dataset) and name != "version":
            value = item[()]
            text = h5py.check_string_dtype(item.dtype) is not None
            found[name] = (item.shape, value.tolist() if hasattr(value, "tolist") else value) if text else (item.shape, item.dtype.str, value.tobytes())
        elif name != "version": found[name] = None
    with h5py.File(path) as file: file.visititems(visit)
    return found
a, b = walk(sys.argv[1]), walk(sys.argv[2])
print(len(a), [name for name in sorted(set(a) | set(b)) if a.get(name, 0) != b.get(name, 0)])
`;
/** NIR's own reader and writer. */
const COPY = "import sys, nir; nir.version = '1.0.8'; nir.write(sys.argv[2], nir.read(sys.argv[1]))";

const run = (program: string, ...files: string[]) =>
  execFileSync(python!, ["-c", program, ...files], { env, encoding: "utf8" }).trim();

describe("NIR's own program", () => {
  beforeEach(({ skip }) => skip(python === undefined, "no Python with h5py, or no checkout of NIR in XPIKE_NIR"));

  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "xpikeformer-nir-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  const read = async (path: string) => decodeNir(new Uint8Array(readFileSync(path)), hdf5, path);

  test.each([
    ["LIF attention", { attention: { kind: "lif" }, position: "learned" }],
    ["a stem", { stem: tinyStem }],
  ])("reads and writes our networks, which come back bit for bit: %s", async (name, fields) => {
    const size = { kind: "spiking", width: 8, heads: 2, depth: 1, expansion: 2, normalisation: "none" };
    const model = modelSpec.parse({ ...size, ...fields }) as TransformerSpec;
    const network = tinyNetwork(model, 1, model.stem && stemmed(model.stem)) as Network<TransformerSpec>;
    writeFileSync(at(`${name}.nir`), await encodeNir(networkToNir(network), hdf5));
    run(COPY, at(`${name}.nir`), at(`${name}-copied.nir`));
    expect(networkFromNir((await read(at(`${name}-copied.nir`))).graph).network).toEqual(network);
  });

  test("finds nothing changed in graphs that it wrote and we wrote back: stored ones and those of its paper", async () => {
    const stored = join(import.meta.dirname, "golden");
    const files = [stored, join(checkout, "paper")].flatMap((place) =>
      (readdirSync(place, { recursive: true }) as string[])
        .filter((name) => name.endsWith(".nir"))
        .map((name) => join(place, name)),
    );
    const ran: string[] = [];
    const refused: string[] = [];
    for (const file of files) {
      // Two files of the paper have an edge to a node that they lack, and NIR itself does not read them.
      const found = await read(file).catch((error: Error) => error);
      if (found instanceof Error) {
        expect(found.message).toMatch(/^An edge of "node\/lif1" leads to "lif", which is not a node\.$/);
        expect(basename(file)).toMatch(/_subgraph\.nir$/);
        continue;
      }
      const { graph, version } = found;
      writeFileSync(at("back.nir"), await encodeNir(graph, hdf5, version));
      expect([file, run(COMPARE, file, at("back.nir"))]).toEqual([file, expect.stringMatching(/^\d+ \[\]$/)]);
      const input = [...graph.nodes.values()].find(({ type }) => type === "Input") as NirLeaf;
      const shape = [...numbersOf(input.fields.get("shape"))!];
      const values = new Float64Array(3 * shape.reduce((a, b) => a * b, 1)).fill(1);
      try {
        runNir(graph, { steps: 3, shape, values });
        ran.push(basename(file));
      } catch (error) {
        refused.push(`${basename(file)}: ${(error as Error).message}`);
      }
    }
    expect(ran).toEqual(
      expect.arrayContaining([
        "lif_norse.nir",
        "lif_rockpool.nir",
        "two_lif_neurons.nir",
        "cnn_sinabs.nir",
        "nir-cnn.nir",
      ]),
    );
    expect(refused.length).toBeGreaterThan(0);
    for (const reason of refused)
      expect(reason).toMatch(/^(braille_\w+|nir-recurrent)\.nir: .*(is recurrent: |is a CubaLIF)/);
  });
});
