import { expect, test } from "vitest";
import { openEngine, shownEngine } from "./sweep-engine.ts";
import { processTerminal } from "./terminal.ts";

const options = { threads: 1, sbatch: [] };

test("a GPU is refused next to an engine that sends points elsewhere, and named in the line that continues a sweep", async () => {
  const asked = { folder: ".", place: { directory: "." }, say: () => {}, terminal: processTerminal() };
  const opened = openEngine({ ...options, engine: "valkey://me:secret@lab3:6379", backend: "webgpu" }, asked);
  await expect(opened).rejects.toThrow(
    "--engine valkey://me:***@lab3:6379 sends them elsewhere. Leave out one of the two.",
  );
  expect(shownEngine({ ...options, engine: "threads", backend: "webgpu" })).toBe(" --backend webgpu");
  expect(shownEngine({ ...options, engine: "threads", backend: "wasm" })).toBe("");
});
