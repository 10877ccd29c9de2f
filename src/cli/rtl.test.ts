// @module-tag program
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { tinyLiberty } from "../../test/support/tiny-liberty.ts";
import { tinyDocument, tinyExperiment } from "../../test/support/tiny-training.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { initialise } from "../model/network.ts";
import type { RtlCheck } from "../node/rtl-tools.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { verifySummary } from "./rtl.ts";

let folder: string;
const path = process.env.PATH;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-rtl-"));
  await mkdir(join(folder, "no-tools"));
  await writeTrained("tiny", {});
  await writeFile(join(folder, "untrained.json"), JSON.stringify(tinyDocument()));
  await writeFile(join(folder, "tiny.lib"), tinyLiberty);
  await xpikeRtl(join(folder, "tiny.json"), "--out", join(folder, "rtl"), "--prompts", "2");
});
afterAll(() => rm(folder, { recursive: true }));

/** An experiment with a network, by the name of its file. */
async function writeTrained(name: string, given: Parameters<typeof tinyDocument>[0]): Promise<string> {
  const experiment = tinyExperiment(given);
  const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));
  await writeFile(join(folder, `${name}.safetensors`), encodeCheckpoint(network, {}));
  const checkpoints = { network: `${name}.safetensors` };
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify({ ...tinyDocument(given), checkpoints }));
  return file;
}
afterEach(() => {
  process.env.PATH = path;
});

/** From here to the end of the test no command of the system is found. */
function withoutTools(): void {
  process.env.PATH = join(folder, "no-tools");
}

const xpikeRtl = (...options: string[]) => runCommand("rtl", ...options);

describe("xpike rtl", () => {
  test("writes what its file list names, a testbench and vectors, and says how to go on", async () => {
    const out = join(folder, "again");
    const written = await xpikeRtl(join(folder, "tiny.json"), "--out", out, "--prompts", "2");
    expect(written).toEqual({
      code: 0,
      out: `${join(out, "README.md")}\nCheck it with: xpike rtl verify ${out}\n`,
      err: "",
    });
    const list = (await readFile(join(out, "files.f"), "utf8")).trim().split("\n");
    expect(list).toEqual(expect.arrayContaining(["ssa_engine.sv", "lif_unit.sv"]));
    for (const name of [...list, "ssa_engine_tb.sv", "runs.hex", "inputs.hex", "outputs.hex", "README.md"]) {
      expect(await readFile(join(out, name), "utf8"), name).toBe(await readFile(join(folder, "rtl", name), "utf8"));
    }
  });

  test.each(["sdsa-1", "binary-map"] as const)(
    "writes an engine of %s attention, and the machine around it",
    async (kind) => {
      const file = await writeTrained(kind, { model: { kind: "spiking", attention: { kind } } });
      for (const [options, own] of [
        [[], ["attention_engine_tb.sv", "attention_runs.hex", "attention_clocks.hex"]],
        [["--machine"], ["xpike_machine.sv", "machine_seeds.hex"]],
      ] as const) {
        const out = join(folder, `${kind}${options}`);
        const { code, err } = await xpikeRtl(file, "--out", out, "--prompts", "1", ...options);
        expect([code, err]).toEqual([0, ""]);
        expect(await readdir(out)).toEqual(expect.arrayContaining(["attention_engine.sv", ...own]));
      }
      const board = await xpikeRtl(file, "--out", join(folder, "board"), "--board", "ulx3s-85f");
      expect([board.code, board.err]).toEqual([2, expect.stringContaining("model.attention.kind")]);
    },
  );

  test("says why a kind of attention has no engine, and writes nothing", async () => {
    const file = await writeTrained("spikformer", { model: { kind: "spiking", attention: { kind: "spikformer" } } });
    for (const options of [[], ["--machine"]]) {
      const { code, err } = await xpikeRtl(file, "--out", join(folder, "spikformer"), ...options);
      expect([code, err]).toEqual([2, expect.stringMatching(/model\.attention\.kind[\s\S]*not generated/)]);
    }
  });

  test("takes vectors from images where the network classifies them", async () => {
    const out = join(folder, "images");
    const example = fileURLToPath(new URL("../../examples/fashion-tiny.json", import.meta.url));
    const { code, err } = await xpikeRtl(example, "--out", out, "--prompts", "1");
    expect([code, err]).toEqual([0, expect.stringContaining("fashion-mnist")]);
    const runs = (await readFile(join(out, "runs.hex"), "utf8")).trim().split("\n");
    // Two blocks, and two runs of many steps.
    expect(runs).toHaveLength(4);
    expect(await readFile(join(out, "README.md"), "utf8")).toContain("fashion-tiny");
    const elsewhere = await xpikeRtl(example, "--out", out, "--data", join(folder, "no-images"));
    expect([elsewhere.code, elsewhere.err]).toEqual([2, expect.stringContaining("no-images")]);
  });

  test("leaves files that it did not write, and takes the place of its own", async () => {
    const out = join(folder, "mine");
    await mkdir(out);
    await writeFile(join(out, "README.md"), "mine");
    const refused = await xpikeRtl(join(folder, "tiny.json"), "--out", out, "--prompts", "1");
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringMatching(
        /^FileError at .*README\.md\n .*it has no testbenches\.f\)\. Choose another folder with --out\.\n$/,
      ),
    ]);
    expect([await readdir(out), await readFile(join(out, "README.md"), "utf8")]).toEqual([["README.md"], "mine"]);
    await rm(join(out, "README.md"));
    await writeFile(join(out, "notes.txt"), "mine");
    for (const prompts of ["1", "2"]) {
      expect((await xpikeRtl(join(folder, "tiny.json"), "--out", out, "--prompts", prompts)).code).toBe(0);
    }
  });

  test.each(["--baud", "--board-heads"])("refuses %s without a board", async (option) => {
    const { code, err } = await xpikeRtl(join(folder, "tiny.json"), "--out", join(folder, "no-board"), option, "2");
    expect([code, err]).toEqual([
      2,
      `SpecError at ${option}\n  ${option} belongs to a board kit. Add --board, or leave it out.\n`,
    ]);
  });

  test.each([
    ["--loadable", "--loadable belongs to a whole machine. Add --machine, or leave it out."],
    ["--fpga", "--fpga belongs to a whole machine. Add --machine, or leave it out."],
    ["--in-flight", "--in-flight belongs to a whole machine. Add --machine, or leave it out."],
    ["--device", "--device belongs to a machine of memories. Add --fpga, or leave it out."],
    ["--conductance-bits", "--conductance-bits belongs to a machine of memories. Add --fpga, or leave it out."],
  ])("refuses %s without what it belongs to", async (option, why) => {
    const values = { "--device": ["ecp5-85"], "--conductance-bits": ["8"] } as Record<string, string[]>;
    const value = values[option] ?? [];
    const { code, err } = await xpikeRtl(join(folder, "tiny.json"), "--out", join(folder, "none"), option, ...value);
    expect([code, err]).toEqual([2, `SpecError at ${option}\n  ${why}\n`]);
  });

  test("needs a trained network", async () => {
    const { code, err } = await xpikeRtl(join(folder, "untrained.json"));
    expect([code, err]).toEqual([2, expect.stringContaining("SpecError at checkpoints.network")]);
  });
});

describe("xpike rtl --board and xpike rtl host", () => {
  test("writes a kit of one head, whose runs are those of both heads in turn", async () => {
    const out = join(folder, "kit");
    const written = await xpikeRtl(join(folder, "tiny.json"), "--out", out, "--prompts", "2", "--board", "ulx3s-85f");
    expect(written.code, written.err).toBe(0);
    const text = (path: string) => readFile(join(out, path), "utf8");
    const whole = (name: string) => readFile(join(folder, "rtl", name), "utf8");
    const lines = (content: string) => content.trim().split("\n");
    const [runs, engineRuns] = [lines(await text("runs.hex")), lines(await whole("runs.hex"))];
    // Behind the network's runs come two of random spikes.
    expect(runs.length - 2).toBe(2 * (engineRuns.length - 2));
    // Steps, then the seeds of the second head, which stand in front in a line of both.
    const half = (engineRuns[0].length - 4) / 2;
    expect(runs[1]).toBe(engineRuns[0].slice(0, 4 + half));
    expect(runs[0]).toBe(engineRuns[0].slice(0, 4) + engineRuns[0].slice(4 + half));
    const files = lines(await text("files.f"));
    for (const name of [...files, "xpike_board_tb.sv"]) {
      const long = lines(await text(name)).filter((line) => line.length > 100);
      expect(long, name).toEqual([]);
    }
    expect(await text("make.sh")).toContain(`${files.filter((name) => !/lif|carry/.test(name)).join(" ")}; synth_ecp5`);
    const { board, baud, heads } = JSON.parse(await text("board.json"));
    expect({ board, baud, heads }).toEqual({ board: "ulx3s-85f", baud: 1_000_000, heads: 1 });
    const host = await runCommand("rtl", "host", out, "--port", join(folder, "no-port"));
    expect(host).toMatchObject({ code: 2, out: "", err: expect.stringContaining("there is no port with this name") });
  });

  test("writes a kit of a whole machine, whose constants a host can load", async () => {
    const timing = { clock: 25e6, settle: 2, conversion: 16 };
    const file = await writeTrained("fpga", { hardware: { timing, ssa: { random: "lfsr" } } });
    const out = join(folder, "machine-kit");
    const options = ["--prompts", "1", "--machine", "--fpga", "--loadable", "--board", "ulx3s-85f", "--baud", "115200"];
    const written = await xpikeRtl(file, "--out", out, ...options);
    expect([written.code, written.err]).toEqual([0, ""]);
    const text = (path: string) => readFile(join(out, path), "utf8");
    const board = JSON.parse(await text("board.json"));
    expect(board).toMatchObject({ holds: "machine", board: "ulx3s-85f", baud: 115_200 });
    expect(await text("xpike_uart.h")).toContain("#define XPIKE_BAUD 115200u\n");
    expect(await text("make.sh")).toContain("xpike_machine_board.sv; synth_ecp5 -no-rw-check -top xpike_machine_board");
    const header = await text("xpike.h");
    const defined = (name: string) => Number(new RegExp(`XPIKE_${name} (\\w+?)u`).exec(header)![1]);
    const constants = (await text("machine_constants.hex")).trim().split("\n");
    expect(constants).toHaveLength(1 + defined("CONSTANT_COUNT"));
    expect(Number.parseInt(constants[0], 16)).toBe(defined("CONSTANT_LAYOUT"));
    const host = await runCommand("rtl", "host", out, "--port", join(folder, "no-port"));
    expect(host).toMatchObject({ code: 2, out: "", err: expect.stringContaining("there is no port with this name") });
  });

  test("writes a machine's wrapper, and refuses one around anything else", async () => {
    const timing = { clock: 50e6, settle: 2, conversion: 16 };
    const file = await writeTrained("wrapped", { hardware: { timing, ssa: { random: "lfsr" } } });
    const wrapped = (...more: string[]) =>
      xpikeRtl(file, "--out", join(folder, "wrapped"), "--prompts", "1", "--wrapper", "zynq", ...more);
    const whole = ["--machine", "--fpga"];
    expect(await wrapped(...whole, "--stream-bits", "128")).toMatchObject({ code: 0, err: "" });
    const text = (name: string) => readFile(join(folder, "wrapped", name), "utf8");
    expect(await text("xpike_zynq.tcl")).toContain("CONFIG.c_m_axis_mm2s_tdata_width 128");
    expect(await text("README.md")).toContain("# Zynq-7000 and Zynq UltraScale+");
    expect((await text("files.f")).trim().split("\n").at(-1)).toBe("xpike_host.sv");
    const refusals: [string[], string][] = [
      [["--machine"], "A wrapper holds a whole machine of an FPGA. Add --machine --fpga"],
      [[...whole, "--board", "ulx3s-85f"], "A board's kit has a top level of its own."],
      [[...whole, "--in-flight"], "SpecError at --in-flight"],
      [[...whole, "--stream-bits", "48"], "A bus has 32, 64, 128, 256, 512, 1024 bits, not 48."],
    ];
    for (const [options, reason] of refusals) expect((await wrapped(...options)).err).toContain(reason);
    const bare = await xpikeRtl(file, "--out", join(folder, "none"), "--machine", "--stream-bits", "64");
    expect(bare).toMatchObject({ code: 2, err: expect.stringContaining("--stream-bits belongs to a wrapper.") });
  });

  test("refuses a kit of a machine of macros, and heads that do not come in groups", async () => {
    const kit = (...more: string[]) =>
      xpikeRtl(join(folder, "tiny.json"), "--out", join(folder, "none"), "--board", "ulx3s-85f", ...more);
    expect((await kit("--machine")).err).toContain("Macros are no part of an FPGA. Add --fpga");
    expect((await kit("--machine", "--fpga", "--board-heads", "2")).err).toContain("A machine has all heads.");
    expect((await kit("--board-heads", "3")).err).toContain("3 heads do not divide the network's 2");
  });
});

describe("xpike rtl verify, without any tool of the system", () => {
  test("starts no tool on a testbench that would run a program", async () => {
    const foreign = await mkdtemp(join(folder, "foreign-"));
    await writeFile(join(foreign, "files.f"), "ssa_engine.sv\n");
    await writeFile(join(foreign, "testbenches.f"), "ssa_engine_tb.sv\n");
    await writeFile(join(foreign, "ssa_engine.sv"), "module ssa_engine;\nendmodule\n");
    await writeFile(join(foreign, "ssa_engine_tb.sv"), 'module ssa_engine_tb;\n  initial $system("id");\nendmodule\n');
    const { code, out, err } = await xpikeRtl("verify", foreign);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(`FileError at ${join(foreign, "ssa_engine_tb.sv")}\n  Line 2 has $system`);
  });

  test("checks by the bundled Yosys, and says what was not checked", async () => {
    withoutTools();
    const { code, out } = await xpikeRtl("verify", join(folder, "rtl"));
    const lines = out.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines.pop()).toBe(
      "Partly verified: 3 of 11 checks passed. Verilator and Icarus Verilog are not installed, so 8 of 11 checks did not run. Install them and verify again.",
    );
    expect(lines.map((line) => line.split(/\s+/).slice(0, 2).join(" "))).toEqual([
      ...Array<string>(6).fill("missing verilator"),
      ...Array<string>(2).fill("missing iverilog"),
      ...Array<string>(3).fill("pass yosys"),
    ]);
    const [, cell] = /ssa_cell (\d+ of \d+) pairs/.exec(out)!;
    expect(new Set(cell.split(" of ")).size, cell).toBe(1);
  });

  test("ends with a line of what passed, what did not run and why, and what testbenches reached", () => {
    const check = (tool: RtlCheck["tool"], result: RtlCheck["result"]) => ({ tool, result });
    const passed = [check("verilator", "pass"), check("yosys", "pass")];
    expect(verifySummary([...passed, check("iverilog", "missing")], [])).toBe(
      "Partly verified: 2 of 3 checks passed. Icarus Verilog is not installed, so 1 of 3 checks did not run. Install it and verify again.",
    );
    expect(verifySummary([...passed, check("yosys", "crash"), check("verilator", "timeout")], [])).toBe(
      "Partly verified: 2 of 4 checks passed. Verilator did not finish 1 of 4 checks within the limit; raise --limit. " +
        "Yosys crashed in 1 of 4 checks; try another version.",
    );
    const points = [0, 7, 9].map((count) => ({ count, reason: count === 0 ? "no draws" : null }));
    expect(verifySummary(passed, points)).toBe(
      "Verified: all 2 checks passed. Testbenches reached 2 of 3 points; the machine cannot reach the other 1.",
    );
    expect(verifySummary([check("yosys", "missing")], [])).toBe("Nothing was checked.");
  });

  test("refuses waves of a folder without a machine, and says how to have one", async () => {
    const { code, out, err } = await xpikeRtl("verify", join(folder, "rtl"), "--waves");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(
      "this folder has no xpike_machine_tb.sv. Write a machine with xpike rtl EXPERIMENT --machine",
    );
  });

  test("fails where a source has a latch", async () => {
    const source = join(folder, "rtl", "ssa_cell.sv");
    const text = await readFile(source, "utf8");
    const wrong = text.replace("assign hit = query_i & key_i;", "always_latch if (query_i) hit = key_i;");
    expect(wrong).not.toBe(text);
    await writeFile(source, wrong);
    withoutTools();
    const { code, out, err } = await xpikeRtl("verify", join(folder, "rtl"));
    await writeFile(source, text);
    expect(code).toBe(2);
    expect(out).toMatch(/^fail +yosys +no latch, no loop/m);
    expect(err).toContain("Checks of the RTL failed: yosys (no latch, no loop)");
  });
});

describe("xpike rtl cosim, without any tool of the system", () => {
  test("refuses a folder without a machine, and says what a machine needs", async () => {
    const machine = join(folder, "machine");
    expect((await xpikeRtl(join(folder, "tiny.json"), "--machine", "--out", machine, "--prompts", "1")).code).toBe(0);
    withoutTools();
    const without = await xpikeRtl("cosim", join(folder, "rtl"));
    expect([without.code, without.err]).toEqual([2, expect.stringContaining("has no xpike_axi.sv to simulate")]);
    const { code, err } = await xpikeRtl("cosim", machine);
    expect([code, err]).toEqual([2, expect.stringContaining("verilator is not installed. Co-simulation compiles")]);
  });
});

describe("xpike rtl synth, without any tool of the system", () => {
  test("prints gates and registers per block, their sum, and which Yosys counted", async () => {
    withoutTools();
    const { code, out, err } = await xpikeRtl("synth", join(folder, "rtl"));
    expect([code, err]).toEqual([0, ""]);
    const rows = out
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/\s{2,}/));
    expect(rows[0]).toEqual(["module", "instances", "gates each", "registers each"]);
    const blocks = rows.slice(1, -2).map(([, ...numbers]) => numbers.map(Number));
    const [all] = rows.slice(-2);
    expect(all.slice(1).map(Number)).toEqual(
      [1, 2].map((column) => blocks.reduce((sum, block) => sum + block[0] * block[column], 0)),
    );
    expect(rows.at(-1)![0]).toMatch(/^Counted by Yosys 0\.\d+ \(@yowasp\/yosys /);
  });

  test("gives areas with a liberty file, and JSON", async () => {
    withoutTools();
    const liberty = join(folder, "tiny.lib");
    const { code, out } = await xpikeRtl("synth", join(folder, "rtl"), "--liberty", liberty, "--json");
    expect(code).toBe(0);
    const { blocks } = JSON.parse(out);
    expect(blocks.map((block: { module: string }) => block.module)).toContain("ssa_engine");
    for (const block of blocks) {
      expect(block).toEqual({
        ...{ module: expect.any(String), instances: expect.any(Number), gates: expect.any(Number) },
        ...{ registers: expect.any(Number), area: expect.any(Number) },
      });
    }
  });

  test.each([
    [
      "a file that is no library",
      ["--liberty", "tiny.json"],
      /FileError at .*tiny\.json\n {2}This is not a liberty file/,
    ],
    ["a file that is not there", ["--liberty", "absent.lib"], /FileError at .*absent\.lib\n {2}There is no such file/],
    ["an installed Yosys that is none", ["--yosys", "system"], /PlatformError at yosys\n {2}No system Yosys/],
    ["an unknown Yosys", ["--yosys", "other"], /Allowed choices are system, bundled\.$/m],
    ["a misspelt one", ["--yosys", "sytem"], /Allowed choices are system, bundled\. Did you mean system\?$/m],
  ])("refuses %s", async (_, [option, value], message) => {
    withoutTools();
    const argument = option === "--liberty" ? join(folder, value) : value;
    const { code, err } = await xpikeRtl("synth", join(folder, "rtl"), option, argument);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });

  test("refuses a folder that xpike rtl did not write", async () => {
    const { code, err } = await xpikeRtl("synth", folder);
    expect([code, err]).toEqual([2, expect.stringMatching(/FileError at .*\n.*no files\.f/)]);
  });
});
