// @module-tag page
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { smallEdge } from "../../../test/support/small-edge.ts";
import { madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { MACHINE } from "../machine/top.ts";
import { INPUT_FILE } from "../machine/vectors.ts";
import { printModule } from "../print.ts";
import { addressBits, machineFacts, REGISTERS, type Register, registerTable, seedBase } from "./register-map.ts";
import { axiRegisters } from "./registers.ts";

const path = join(import.meta.dirname, "../../../docs/rtl-machine.md");
const TABLE = /(<!-- registers of the AXI edge -->\n)[\s\S]*?\n\n/;
const registers: readonly Register[] = REGISTERS;

test("docs/rtl-machine.md shows the register map that generates the RTL", async () => {
  const page = readFileSync(path, "utf8");
  expect(page).toMatch(TABLE);
  const written = page.replace(TABLE, (_, marker: string) => `${marker}${registerTable()}\n\n`);
  await expect(written).toMatchFileSnapshot(path);
});

test("registers are consecutive whole words, and fields are single bits", () => {
  expect(registers.map(({ offset }) => offset)).toEqual(registers.map((_, i) => 4 * i));
  for (const { name, fields = [] } of registers) {
    expect(
      fields.map(({ bit }) => bit),
      name,
    ).toEqual(fields.map((_, i) => i));
  }
});

test("the printed RTL returns the constants at the page's offsets", () => {
  const page = readFileSync(path, "utf8");
  const text = printModule(axiRegisters(smallEdge)).replace(/\s+/g, " ");
  const expected: Record<string, number> = {
    ...{ ID: 0x5850_494b, VERSION: 0x0102_0003, EXPERIMENT: 0xc0db_0001, SCHEDULE: 97, VECTORS: 6, VECTOR_BITS: 11 },
    ...{ ANSWERS: 2, TOTAL_BITS: 21, DECISION_BITS: 3, SEED_BASE: 0x1000, SEED_WORDS: 5, OUTPUTS: 3 },
  };
  for (const [name, value] of Object.entries(expected)) {
    const offset = Number(new RegExp(`\\| (0x\\w+) \\| \`${name}\``).exec(page)?.[1]);
    const content = `32'h${value.toString(16)}`;
    const at = `(s_axil_araddr[6:2] == 5'h${(offset / 4).toString(16)}) ? ${content} :`;
    expect(text, name).toContain(at);
  }
});

test("vectors are those of the machine, also with a stem that takes pixels", () => {
  const model = { width: 8, heads: 2, depth: 1, stem: { layers: [{ channels: 8, pool: 2 }] } };
  const { design, vectors } = tinyMachine({ steps: 1, model }, 1);
  const facts = machineFacts(design, madeInTests);
  const { ports } = design.modules.find(({ name }) => name === MACHINE)!;
  expect(facts.vectorBits).toBe(ports.find(({ name }) => name === "in_data_i")!.width);
  expect(facts.vectors).toBe(vectors.files[INPUT_FILE].trim().split("\n").length);
  expect(facts.vectors).not.toBe(design.plan.tokens);
});

test("seeds have their own window, whatever their number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 20 }), (words) => {
      const base = seedBase(words);
      expect(base).toBeGreaterThanOrEqual(4 * words);
      expect(base).toBeGreaterThan(registers.at(-1)!.offset);
      expect(2 ** addressBits(words)).toBe(2 * base);
    }),
  );
});
