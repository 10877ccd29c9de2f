import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkBoard } from "./rtl-board.ts";
import { openSerialPort } from "./serial-port.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-board-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.skipIf(process.platform !== "linux")("a file is not a serial port", async () => {
  const path = join(folder, "file");
  await writeFile(path, "");
  await expect(openSerialPort(path, 115_200)).rejects.toThrow(/^stty cannot set the line to 115200 bits per second: /);
});

test("an invalid board description or invalid vectors are refused before the port is touched", async () => {
  const port = join(folder, "no-port");
  await expect(checkBoard(folder, { port })).rejects.toMatchObject({ path: join(folder, "board.json") });
  await writeFile(join(folder, "board.json"), '{ "board": "ulx3s-85f", "baud": 1e99 }');
  await expect(checkBoard(folder, { port })).rejects.toThrow(/^This file does not describe a board\./);
  const sizes = { heads: 1, tokens: 2, dimension: 1 };
  const description = { holds: "engine", board: "ulx3s-85f", baud: 115_200, fingerprint: "00000001", ...sizes };
  await writeFile(join(folder, "board.json"), JSON.stringify(description));
  for (const name of ["runs.hex", "inputs.hex", "outputs.hex"]) await writeFile(join(folder, name), "0q\n");
  await expect(checkBoard(folder, { port })).rejects.toThrow(/not a hexadecimal number/);
});
