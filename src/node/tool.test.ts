// @module-tag program
/** Limits of hardware tools: they count what a tool works with all its processes, not what others do meanwhile. */
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { runTool } from "./tool.ts";

const BUSY = "while true; do :; done";

test.skipIf(process.platform !== "linux")(
  "a tool that only waits is not late, though the clock passes its limit",
  async () => {
    expect(await runTool("sh", ["-c", "sleep 1.5; echo done"], tmpdir(), 0.5)).toMatchObject({
      ok: true,
      late: false,
      text: "done",
    });
  },
);

test("a tool that works on is stopped, also one that works in a process of its own", async () => {
  for (const script of [BUSY, `(${BUSY}); true`, `(${BUSY}) & wait`]) {
    expect(await runTool("sh", ["-c", script], tmpdir(), 0.5)).toMatchObject({ found: true, ok: false, late: true });
  }
});

test("a tool that is not there is missing, not late", async () => {
  expect(await runTool("no-such-tool", [], tmpdir(), 1)).toMatchObject({ found: false, late: false });
});

test("a tool that crashes says on which signal; one that ends with an error, or aborts on an assertion, does not crash", async () => {
  for (const [script, crash] of [
    ["kill -SEGV $$", "SIGSEGV"],
    ["kill -ABRT $$", null],
    ["exit 139", null],
  ] as const) {
    expect(await runTool("sh", ["-c", script], tmpdir())).toMatchObject({ ok: false, late: false, crash });
  }
});
