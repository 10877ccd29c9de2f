/**
 * The machine in a LiteX system, as Verilog: its registers, and prompts through its DMAs, over the system's serial line.
 *
 * Needs Verilator, and a Python of at most 3.12 (migen reads its bytecode) that imports migen and litex: `XPIKE_PYTHON` names it,
 * `PYTHONPATH` its packages.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type WrappedMachine, wrappedMachine } from "../../../test/support/host-bench.ts";
import { hasTool } from "../../node/rtl-simulators.ts";
import { CONTROL, IDENTITY, INTERRUPT, type RegisterName, registerOf, versionWord } from "../axi/register-map.ts";
import { FILE_LIST } from "../bundle.ts";
import { LITEX_SYSTEM } from "./litex.ts";

const PYTHON = process.env.XPIKE_PYTHON ?? "python3";
const support = join(import.meta.dirname, "../../../test/support");
const run = (cwd: string, program: string, ...args: string[]) =>
  promisify(execFile)(program, args, { cwd, maxBuffer: 2 ** 26 });
const hasLitex = await run(
  import.meta.dirname,
  PYTHON,
  "-c",
  "import sys, migen, litex; sys.exit(sys.version_info >= (3, 13))",
).then(
  () => true,
  () => false,
);

const PROMPTS = 2;
const BITS = 32;
let machine: WrappedMachine;
beforeAll(() => {
  machine = wrappedMachine({ name: "litex", bits: BITS }, PROMPTS);
});
afterAll(() => machine.remove());

/** Words of LiteX's bridge: a command, a count, an address in words and data, high bytes first. */
const bytesOf = (word: number) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff);
const write = (address: number, word: number) => [1, 1, ...bytesOf(address / 4), ...bytesOf(word)];
const expected = (address: number, word: number) => [
  ...[2, 1, ...bytesOf(address / 4)],
  ...bytesOf(word).map((byte) => 0x100 + byte),
];
const pause = (clocks: number) => Array<number>(Math.ceil(clocks / (256 * 255))).fill(0x2ff);

/** 32-bit words of a packet, low bytes first; the last is filled with zeros. */
const wordsOf = (bytes: readonly string[]) =>
  Array.from({ length: Math.ceil(bytes.length / 4) }, (_, n) =>
    Number.parseInt(
      bytes
        .slice(4 * n, 4 * n + 4)
        .reverse()
        .join(""),
      16,
    ),
  );

interface Addresses {
  readonly csr_registers: Readonly<Record<string, { readonly addr: number; readonly size: number }>>;
  readonly memories: Readonly<Record<string, { readonly base: number }>>;
}

function script({ csr_registers: csrs, memories }: Addresses): number[] {
  const register = (name: RegisterName) => memories.xpike.base + registerOf(name).offset;
  // A CSR of two words has its low word second.
  const set = (name: string, word: number) => write(csrs[name].addr + 4 * (csrs[name].size - 1), word);
  const { facts } = machine;
  const memory = memories.sram.base;
  const prompt = (number: number) => {
    const [own, given] = [machine.sent, machine.answers].map((packets) => wordsOf(packets[number]));
    const behind = memory + 4 * own.length;
    return [
      ...own.flatMap((word, n) => write(memory + 4 * n, word)),
      ...set("xpike_reader_base", memory),
      ...set("xpike_reader_length", 4 * own.length),
      ...set("xpike_writer_base", behind),
      ...set("xpike_writer_length", 4 * given.length),
      ...write(register("EXPAND"), number),
      ...write(register("CONTROL"), 2 ** CONTROL.start),
      ...set("xpike_reader_enable", 1),
      ...pause(4 * facts.clocks),
      // The answers wait for the writer.
      ...expected(register("PROMPTS"), number),
      0x300,
      ...set("xpike_writer_enable", 1),
      ...pause(256),
      ...expected(csrs.xpike_writer_done.addr, 1),
      ...expected(register("PROMPTS"), number + 1),
      0x301,
      ...given.flatMap((word, n) => expected(behind + 4 * n, word)),
      ...set("xpike_reader_enable", 0),
      ...set("xpike_writer_enable", 0),
      ...write(register("PENDING"), 2 ** INTERRUPT.answered),
      0x300,
    ];
  };
  return [
    ...expected(register("ID"), IDENTITY),
    ...expected(register("VERSION"), versionWord(machine.facts.version)),
    ...expected(register("EXPERIMENT"), machine.facts.fingerprint),
    ...write(register("ENABLE"), 2 ** INTERRUPT.answered),
    ...set("xpike_ev_enable", 1),
    ...Array.from({ length: PROMPTS }, (_, number) => prompt(number)).flat(),
    0xfff,
  ];
}

const hasVerilator = await hasTool("verilator");
test("a LiteX system elaborates, and its machine answers prompts as the simulator does", async ({ skip }) => {
  skip(!hasLitex, "no Python of at most 3.12 imports migen and litex");
  skip(!hasVerilator, "verilator is not installed");
  const { folder } = machine;
  await run(folder, PYTHON, LITEX_SYSTEM, "--clock", "1e6", "--baud", "125000", "--output-dir", "build");
  const gateware = join(folder, "build/gateware");
  const addresses: Addresses = JSON.parse(readFileSync(join(folder, "build/csr.json"), "utf8"));
  writeFileSync(
    join(gateware, "script.hex"),
    script(addresses)
      .map((word) => `${word.toString(16).padStart(3, "0")}\n`)
      .join(""),
  );
  const sources = readFileSync(join(folder, FILE_LIST), "utf8")
    .trim()
    .split("\n")
    .map((name) => join(folder, name));
  // Warnings about LiteX's own Verilog, which leaves widths to the language.
  const quiet = ["-Wno-WIDTHEXPAND", "-Wno-WIDTHTRUNC", "-Wno-CASEINCOMPLETE", "-Wno-TIMESCALEMOD"];
  const all = [...quiet, ...sources, "xpike_system.v", join(support, "litex-serial.sv")];
  const quick = ["-fno-gate", "-MAKEFLAGS", "OPT_GLOBAL=-O0", "-MAKEFLAGS", "OPT_FAST=-O0"];
  await run(
    gateware,
    "verilator",
    "--binary",
    "--timing",
    "--assert",
    ...quick,
    "--top-module",
    "litex_serial",
    "--Mdir",
    "sim",
    ...all,
  );
  const { stdout } = await run(gateware, join(gateware, "sim/Vlitex_serial")).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toMatch(/^PASS \d+ bytes of replies$/m);
});
