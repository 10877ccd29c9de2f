import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { findTensorMapping } from "../import/catalogue.ts";
import { exportNetwork } from "../import/export.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../model/checkpoint.ts";
import { foldNetwork } from "../model/fold.ts";
import { initialise, type Network } from "../model/network.ts";
import { decodeSafetensors, encodeSafetensors } from "../model/safetensors.ts";
import { bundledNetwork } from "../node/networks.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-import-"));
  const model = { kind: "ann", position: "learned", width: 16, depth: 2, heads: 2, expansion: 2 };
  writeFileSync(join(folder, "ann.json"), JSON.stringify({ task: { pilots: 3 }, model }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const golden = (name: string) => join(import.meta.dirname, "../../test/golden", name);
const at = (name: string) => join(folder, name);
const bytes = (name: string) => new Uint8Array(readFileSync(at(name)));

describe("xpike import and export", () => {
  test("bring a PyTorch network in, out and in again, bit for bit", async () => {
    const options = ["--experiment", at("ann.json")];
    const first = await runCommand("import", golden("ann.pth"), ...options, "--out", at("network.safetensors"));
    expect(first).toEqual({
      code: 0,
      err: "",
      out: `31 parameters of 5008 numbers (ann, width 16, depth 2) from 31 tensors.\n${at("network.safetensors")}\n`,
    });
    const { network, metadata } = decodeCheckpoint(bytes("network.safetensors"));
    expect(metadata).toEqual({ source: "ann.pth", mapping: "xpikeformer" });

    expect((await runCommand("export", at("network.safetensors"), "--out", at("weights.safetensors"))).code).toBe(0);
    const { tensors, metadata: format } = decodeSafetensors(bytes("weights.safetensors"));
    expect([format, tensors["blocks.1.up.weight"].shape]).toEqual([{ format: "pt" }, [32, 16]]);

    await runCommand("import", at("weights.safetensors"), ...options, "--out", at("again.safetensors"));
    expect(decodeCheckpoint(bytes("again.safetensors")).network).toEqual(network);

    const apart = [golden("ann-separate.pth"), ...options, "--path", "state_dict"];
    await runCommand("import", ...apart, "--out", at("apart.safetensors"));
    expect(decodeCheckpoint(bytes("apart.safetensors")).network).toEqual(network);
  });

  test("do not write over what they read", async () => {
    const experiment = ["--experiment", at("ann.json")];
    copyFileSync(golden("ann.pth"), at("read.pth"));
    symlinkSync(at("read.pth"), at("link.safetensors"));
    await runCommand("import", golden("ann.pth"), ...experiment, "--out", at("written.safetensors"));
    const files = ["ann.json", "read.pth", "written.safetensors"];
    const before = files.map(bytes);
    for (const [out, ...command] of [
      [at("ann.json"), "import", golden("ann.pth"), ...experiment],
      [at("link.safetensors"), "import", at("read.pth"), ...experiment],
      [at("./written.safetensors"), "export", at("written.safetensors")],
    ]) {
      const { code, out: printed, err } = await runCommand(command[0], ...command.slice(1), "--out", out);
      expect([code, printed]).toEqual([2, ""]);
      expect(err).toBe(
        `FileError at ${out}\n  This file is the input, which the output would overwrite. Name another file with --out.\n`,
      );
    }
    expect(files.map(bytes)).toEqual(before);
  });

  test("take a mapping from a file, and name what is wrong with it", async () => {
    writeFileSync(at("m.json"), '{ "parameters": { "embed.weight": { "tenser": "x" } } }');
    const run = (...more: string[]) =>
      runCommand("import", golden("ann.pth"), "--experiment", at("ann.json"), "--out", at("none.safetensors"), ...more);
    const { code, err } = await run("--mapping", at("m.json"));
    expect([code, err]).toEqual([
      2,
      'SpecError at parameters["embed.weight"].tenser\n  parameters["embed.weight"].tenser is not a known key; did you mean `tensor`?\n',
    ]);
    expect((await run("--mapping", "xpikefomer")).err).toContain("Did you mean xpikeformer?");
    expect((await run("--path", "state_dict")).err).toContain('The file has no "state_dict" at its top');
    expect(existsSync(at("none.safetensors"))).toBe(false);
  });

  test("show control characters in names of tensors, and do not obey them", async () => {
    // Clears the screen and writes in red, in both forms that terminals know.
    const name = "\u001b[2J\u009b31mnorm\r";
    const experiment = parseExperiment(JSON.parse(readFileSync(at("ann.json"), "utf8")));
    const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));
    const mapping = findTensorMapping("xpikeformer", network, null);
    const tensors = { ...exportNetwork(network, mapping), [name]: { shape: [1], data: Float32Array.of(1) } };
    writeFileSync(at("foreign.safetensors"), encodeSafetensors(tensors, {}));
    const { parameters } = mapping;
    writeFileSync(at("ignoring.json"), JSON.stringify({ parameters, ignore: ["*norm*"] }));
    const options = ["--experiment", at("ann.json"), "--out", at("foreign-network.safetensors")];
    const refused = await runCommand("import", at("foreign.safetensors"), ...options);
    const noted = await runCommand("import", at("foreign.safetensors"), ...options, "--mapping", at("ignoring.json"));
    expect([refused.code, noted.code]).toEqual([2, 0]);
    expect(refused.err).toContain("Nothing uses the tensor");
    expect(noted.err).toBe("Left out as the mapping says: \ufffd[2J\ufffd31mnorm\ufffd.\n");
    for (const { err, out } of [refused, noted]) expect(`${err}${out}`.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});

describe("xpike import and export of NIR graphs", () => {
  const network = "bundled:wireless-2x2-xpikeformer";

  test("bring a network out and in again with its chip, bit for bit", async () => {
    const chip = ["--experiment", "examples/wireless-2x2.json"];
    const out = await runCommand("export", network, ...chip, "--out", at("graph.nir"));
    expect(out).toEqual({
      code: 0,
      err: expect.stringMatching(/^(BatchNorm is folded into its layers\.\n)?$/),
      out: expect.stringMatching(
        /^\d+ parameters of \d+ numbers \(spiking, width 128, depth 2\) to a graph of \d+ nodes\.\n/,
      ),
    });
    const back = await runCommand("import", at("graph.nir"), "--out", at("from-nir.safetensors"));
    expect([back.code, back.err]).toEqual([
      0,
      "The graph's chip is kept as `hardware` in the metadata of the network.\n",
    ]);
    const { network: read, metadata } = decodeCheckpoint(bytes("from-nir.safetensors"));
    const bundled = decodeCheckpoint(new Uint8Array(readFileSync(bundledNetwork("wireless-2x2-xpikeformer")))).network;
    const folded = encodeCheckpoint(foldNetwork(bundled as Network<SpikingSpec>), {});
    expect(Buffer.compare(encodeCheckpoint(read, {}), folded)).toBe(0);
    expect(JSON.parse(metadata.hardware)).toEqual(parseExperiment(readFileSync(chip[1], "utf8")).hardware);
  });

  test("refuse what does not fit, by name", async () => {
    const refusal = async (...command: string[]) => {
      const { code, err } = await runCommand(command[0], ...command.slice(1), "--out", at("refused.nir"));
      expect(code).toBe(2);
      return err;
    };
    expect(await refusal("import", golden("nir-recurrent.nir"))).toContain('recurrent: "lif" -> "w_rec" -> "lif"');
    expect(await refusal("import", golden("nir-cnn.nir"))).toContain("NIR has no node for it");
    expect(await refusal("import", golden("nir-cnn.nir"), "--experiment", at("ann.json"))).toContain(
      "Leave out --experiment",
    );
    expect(await refusal("import", golden("ann.pth"))).toContain("--experiment FILE");
    expect(await refusal("export", network, "--mapping", "author")).toContain("Leave out --mapping");
    expect(await refusal("export", "bundled:wireless-2x2-ann")).toContain("NIR has no node for softmax");
    writeFileSync(at("half.nir"), readFileSync(golden("nir-lif.nir")).subarray(0, 9000));
    expect(await refusal("import", at("half.nir"))).toMatch(/half\.nir\n {2}The HDF5 file is damaged: .*truncated/);
    expect(existsSync(at("refused.nir"))).toBe(false);
  });
});
