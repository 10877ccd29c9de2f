// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assemble, tensorPickle, u32, unicode } from "../../test/support/zip.ts";
import { FileError } from "../errors.ts";
import { LONGEST_PROGRAM, readPickle } from "./pickle.ts";

const PROTO = [0x80, 2];

function messageOf(program: Uint8Array): string {
  try {
    readPickle(program, "w.pth");
    return "accepted";
  } catch (error) {
    if (error instanceof FileError) return error.message;
    throw error;
  }
}

describe("a pickle that asks to run code", () => {
  const MARK = "(";
  // Each of these runs `echo` in a shell when Python's pickle loads it.
  test.each([
    [
      "GLOBAL and REDUCE",
      assemble(PROTO, "cposix\nsystem\n", unicode("echo"), [0x85], "R."),
      "posix.system is not a tensor",
    ],
    [
      "GLOBAL within a state_dict",
      assemble(PROTO, "}", unicode("a"), "cos\nsystem\n", unicode("echo"), [0x85], "Rs."),
      "os.system",
    ],
    ["INST", assemble(PROTO, MARK, unicode("echo"), "iposix\nsystem\n."), '"posix.system" by the instruction INST'],
    ["OBJ", assemble(PROTO, MARK, "cposix\nsystem\n", unicode("echo"), "o."), "posix.system is not a tensor"],
    [
      "STACK_GLOBAL",
      assemble(PROTO, unicode("posix"), unicode("system"), [0x93], unicode("echo"), [0x85], "R."),
      '"posix.system" by the instruction STACK_GLOBAL',
    ],
    ["eval", assemble(PROTO, "cbuiltins\neval\n", unicode("1"), [0x85], "R."), "builtins.eval is not a tensor"],
    ["a class of its own", assemble(PROTO, "c__main__\nModel\n", ")", [0x81], "}b."), "__main__.Model is not a tensor"],
    ["NEWOBJ of a known type", assemble(PROTO, "ccollections\nOrderedDict\n)", [0x81], "."), "the instruction NEWOBJ"],
    ["an extension code", assemble(PROTO, [0x82, 1], "."), "the instruction EXT1"],
    ["PERSID", assemble(PROTO, "Pstorage\n."), "the instruction PERSID"],
    ["REDUCE of text", assemble(PROTO, unicode("posix.system"), ")R."), "REDUCE of something that is no known name"],
    ["REDUCE of a storage type", assemble(PROTO, "ctorch\nFloatStorage\n)R."), "a call of torch.FloatStorage"],
    [
      "BUILD on a function",
      assemble(PROTO, "ctorch._utils\n_rebuild_tensor_v2\n}b."),
      "BUILD on something that is no table",
    ],
    [
      "a name with a dot too many",
      assemble(PROTO, "ctorch\n_utils._rebuild_tensor_v2.__globals__\n."),
      "is not a tensor",
    ],
    [
      "a name of torch that loads more",
      assemble(PROTO, "ctorch.serialization\nload\n."),
      "torch.serialization.load is not a tensor",
    ],
    [
      "a storage type in another module",
      assemble(PROTO, "ctorch.x\nFloatStorage\n."),
      "torch.x.FloatStorage is not a tensor",
    ],
  ])("by %s is refused by name", (_, program, message) => {
    expect(messageOf(program)).toContain(message);
    expect(messageOf(program)).toContain("refused");
  });
});

test("an unsupported kind of tensor is distinguished from code", () => {
  expect(messageOf(assemble(PROTO, "ctorch._utils\n_rebuild_sparse_tensor\n."))).toContain(
    "torch._utils._rebuild_sparse_tensor makes an unsupported kind of tensor",
  );
});

describe("a pickle", () => {
  test("of plain values returns them", () => {
    const list = assemble("](", [0x4b, 7], [0x4d, 1, 2], "J", u32(-3), [0x8a, 6, 0, 0, 0, 0, 0, 1], "e");
    const more = assemble("N", [0x88], "G", [0x3f, 0xe0, 0, 0, 0, 0, 0, 0], [0x87]);
    const value = readPickle(assemble(PROTO, list, [0x71, 0], more, [0x86], "."), "w.pth");
    expect(value).toEqual({
      kind: "tuple",
      items: [
        { kind: "list", items: [7, 513, -3, 2 ** 40] },
        { kind: "tuple", items: [null, true, 0.5] },
      ],
    });
  });

  test("keeps shared values shared, and may contain itself", () => {
    const value = readPickle(assemble(PROTO, "}q", [0], unicode("self"), "h", [0], "s."), "w.pth");
    if (typeof value !== "object" || value?.kind !== "table") throw new Error("no table");
    expect(value.entries.get("self")).toBe(value);
  });

  test.each([
    ["nothing", assemble(), "ends early"],
    ["another protocol", assemble([0x80, 4], "."), "protocol 4, but only 2 can be read"],
    ["a text that goes on beyond the end", assemble(PROTO, "X", u32(100), "a."), "ends early"],
    ["a text that is not UTF-8", assemble(PROTO, "X", u32(1), [0xff], "."), "not UTF-8"],
    ["a name without an end", assemble(PROTO, "ctorch\nFloat"), "ends within a name"],
    ["a value from an empty stack", assemble(PROTO, "."), "a value that it did not make"],
    ["a value from below a mark", assemble(PROTO, "N(.", "t."), "a value that it did not make"],
    ["a group that never began", assemble(PROTO, "t."), "did not begin"],
    ["a value that was never kept", assemble(PROTO, "h", [9], "."), "recalls value 9"],
    ["a key without a value", assemble(PROTO, "}(", unicode("a"), "u."), "a key without a value"],
    ["a key that is a table", assemble(PROTO, "}}Ns."), "neither text nor number"],
    ["an integer of 255 bytes", assemble(PROTO, [0x8a, 255], new Uint8Array(255).fill(1), "."), "beyond 2^53"],
    ["an instruction that does not exist", assemble(PROTO, [0xff]), "unknown instruction 0xff"],
  ])("with %s is refused", (_, program, message) => {
    expect(messageOf(program)).toContain(message);
  });

  test("may not create unlimited values", () => {
    // One byte each: tables, marks, and copies of one table.
    expect(messageOf(assemble(PROTO, "}".repeat(1_000_001)))).toContain("more than 1000000 values");
    expect(messageOf(assemble(PROTO, "(".repeat(1_000_001)))).toContain("more than 1000000 values");
    expect(messageOf(assemble(PROTO, "}q", [0], "h\0".repeat(1_000_001)))).toContain("more than 1000000 values");
    expect(messageOf(new Uint8Array(LONGEST_PROGRAM + 1))).toContain("at most 16777216 are read");
  });

  test("may nest to any depth, because nothing here is recursive", () => {
    const depth = 400_000;
    expect(messageOf(assemble(PROTO, "]".repeat(depth), "a".repeat(depth - 1), "."))).toBe("accepted");
  });

  test("of arbitrary bytes ends in a FileError or a value", () => {
    const sound = tensorPickle();
    const opcodes = fc.constantFrom(...new Set(sound), 0x2e, 0x65, 0x75, 0x62, 0x68, 0x71);
    const programs = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(opcodes, { maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)),
      fc.array(fc.tuple(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 })), { maxLength: 4 }).map((changes) => {
        const copy = sound.slice();
        for (const [at, byte] of changes) copy[at] = byte;
        return copy;
      }),
    );
    fc.assert(
      fc.property(programs, (program) => {
        expect(messageOf(assemble(PROTO, program))).not.toBe("");
        expect(messageOf(program)).not.toBe("");
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
