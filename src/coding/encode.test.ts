// @module-tag slow
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { BASE_GRAPHS, type BaseGraphNumber, LIFTING_SIZES } from "./base-graph.ts";
import { ldpcCode } from "./code.ts";
import { codeWord, encodeBlock } from "./encode.ts";
import { checksOf } from "./reference-decode.ts";

/** Hashes of generator matrices of Sionna, by `test/golden/ldpc.py`. */
interface Golden {
  readonly name: string;
  readonly informationBits: number;
  readonly codedBits: number;
  /** Of all rows; of large matrices, of eight sums of rows. */
  readonly rows?: string;
  readonly sums: string;
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../test/golden/ldpc.json"), "utf8"),
) as readonly Golden[];

describe("the encoder", () => {
  test.each(golden)("equals the generator matrix $name", ({ informationBits, codedBits, rows, sums }) => {
    const code = ldpcCode({ informationBits, codedBits });
    const encode = (isOne: (bit: number) => boolean) =>
      encodeBlock(
        code,
        Uint8Array.from({ length: informationBits }, (_, bit) => (isOne(bit) ? 1 : 0)),
      );
    expect(hashOf(8, (sum) => encode((bit) => bit % (sum + 1) === 0))).toBe(sums);
    if (rows !== undefined) expect(hashOf(informationBits, (row) => encode((bit) => bit === row))).toBe(rows);
  });

  const folder = join(process.env.XPIKE_DATA ?? "", "5g/golden");
  const files = process.env.XPIKE_DATA && existsSync(folder) ? readdirSync(folder) : [];
  test("equals the generator matrices in XPIKE_DATA row by row", ({ skip }) => {
    skip(files.length === 0, "XPIKE_DATA has no folder 5g/golden");
    for (const file of files) {
      const [informationBits, codedBits] = file.match(/\d+/g)!.map(Number);
      const code = ldpcCode({ informationBits, codedBits });
      const wrong = readMatrix(join(folder, file), informationBits, codedBits).flatMap((row, i) => {
        const sent = encodeBlock(code, new Uint8Array(informationBits).with(i, 1));
        return Buffer.compare(sent, row) === 0 ? [] : [i];
      });
      expect(wrong, file).toEqual([]);
    }
  });

  test.each(LIFTING_SIZES)("is systematic and satisfies all checks of both graphs at lifting size %d", (lifting) => {
    for (const baseGraph of [1, 2] as const) {
      const most = BASE_GRAPHS[baseGraph].informationColumns * lifting;
      for (const informationBits of [most, most - Math.floor(lifting * 0.7)]) {
        const code = wholeCode(baseGraph, lifting, informationBits);
        const bits = randomBits(informationBits);
        const word = codeWord(code, bits);
        expect(word.subarray(0, informationBits)).toEqual(bits);
        expect(word.subarray(informationBits, most).some((bit) => bit === 1)).toBe(false);
        const odd = checksOf(code).filter((places) => places.reduce((sum, place) => sum ^ word[place], 0) === 1);
        expect(odd).toEqual([]);
      }
    }
  });

  test("refuses other lengths and other values than bits", () => {
    const code = ldpcCode({ informationBits: 100, codedBits: 200 });
    expect(() => encodeBlock(code, new Uint8Array(99))).toThrow(/100 bits, not 99/);
    expect(() => encodeBlock(code, new Uint8Array(100).with(7, 2))).toThrow(/Bit 7 is 2/);
  });
});

/** A code that sends its whole buffer once. */
const wholeCode = (baseGraph: BaseGraphNumber, lifting: number, informationBits: number) => {
  const { columns, informationColumns } = BASE_GRAPHS[baseGraph];
  const codedBits = (columns - informationColumns - 2) * lifting + informationBits;
  return ldpcCode({ informationBits, codedBits, baseGraph, lifting });
};

const random = stream(58).fork("encode");
const randomBits = (length: number) => Uint8Array.from({ length }, () => random.word() >>> 31);

/** SHA-256 of rows of bits, each packed into bytes, first bit highest. */
function hashOf(count: number, row: (index: number) => Uint8Array): string {
  const hash = createHash("sha256");
  for (let index = 0; index < count; index++) hash.update(packed(row(index)));
  return hash.digest("hex");
}

function packed(bits: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    bytes[i >> 3] |= bit << (7 - (i & 7));
  });
  return bytes;
}

/** Rows of a generator matrix, a `.npy` file of rows and columns of its ones, from 1. */
function readMatrix(path: string, rows: number, columns: number): Uint8Array[] {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  const [, type, ones] = /'<([ui][24])'.*\(2, (\d+)\)/.exec(bytes.subarray(10, start).toString("latin1"))!;
  const at = (i: number) => (type === "u2" ? bytes.readUInt16LE(start + 2 * i) : bytes.readInt32LE(start + 4 * i));
  const matrix = Array.from({ length: rows }, () => new Uint8Array(columns));
  for (let i = 0; i < Number(ones); i++) matrix[at(i) - 1][at(Number(ones) + i) - 1] = 1;
  return matrix;
}
