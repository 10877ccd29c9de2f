// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assemble, tensorPickle, unicode, writePth, writeZip } from "../../test/support/zip.ts";
import { FileError } from "../errors.ts";
import { decodePytorch } from "./pytorch.ts";
import { decodeTensors } from "./source.ts";

const folder = join(import.meta.dirname, "../../test/golden");
const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const golden = JSON.parse(readFileSync(join(folder, "pytorch.json"), "utf8")) as {
  types: Record<string, { shape: number[]; values: number[] }>;
};

const single = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const six = single(1, 2, 3, 4, 5, 6);

function messageOf(file: Uint8Array, select = ""): string {
  try {
    decodeTensors(file, select, "w.pth");
    return "accepted";
  } catch (error) {
    if (error instanceof FileError) return error.message;
    throw error;
  }
}

describe("a file of PyTorch", () => {
  test.each(["types.pth", "types-deflated.pth"])("%s gives every type and view as in PyTorch", (name) => {
    const { tensors, others } = decodeTensors(read(name), "nested.model");
    expect([...tensors.keys()]).toEqual(Object.keys(golden.types));
    expect(others).toEqual([]);
    for (const [key, { shape, values }] of Object.entries(golden.types)) {
      const tensor = tensors.get(key)!;
      expect([key, tensor.shape, Array.from(tensor.data)]).toEqual([key, shape, values]);
    }
    expect(tensors.get("float64")!.data).toBeInstanceOf(Float64Array);
    expect(tensors.get("bfloat16")!.data).toBeInstanceOf(Float32Array);
  });

  test("with nested tensors names the path to them", () => {
    const file = read("ann-separate.pth");
    expect(messageOf(file)).toBe(
      "The file has no tensors at its top. Tensors lie in state_dict: name it with --path state_dict.",
    );
    expect(messageOf(file, "state_dic")).toContain("it has epoch, state_dict, optimizer. Did you mean state_dict?");
    expect(messageOf(file, "epoch")).toContain('"epoch" of the file holds no table of tensors');
    expect(messageOf(file, "optimizer.param_groups")).toContain("holds no table");
    const { tensors } = decodeTensors(file, "state_dict");
    expect(tensors.get("blocks.1.k.weight")!.shape).toEqual([16, 16]);
    // The optimiser's state has one table per parameter, by number; this one has none yet.
    expect(messageOf(file, "optimizer.state")).toContain("It has nothing there");
  });

  test("of the format before 1.6 is refused with instructions to save it again", () => {
    expect(messageOf(read("legacy.pth"))).toContain('save it again: torch.save(torch.load("old.pth"), "new.pth")');
  });

  test("may be big-endian", () => {
    const big = six.slice();
    const view = new DataView(big.buffer);
    [1, 2, 3, 4, 5, 6].forEach((value, i) => {
      view.setFloat32(4 * i, value, false);
    });
    const { tensors } = decodePytorch(writePth(tensorPickle(), { 0: big }, "big"));
    expect(tensors.get("a")).toEqual({ type: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(messageOf(writePth(tensorPickle(), { 0: six }, "middle"))).toContain("neither little nor big");
  });

  test("is refused if a tensor exceeds its storage", () => {
    const message = (tensor: Parameters<typeof tensorPickle>[0]) =>
      messageOf(writePth(tensorPickle(tensor), { 0: six }));
    expect(message({})).toBe("accepted");
    expect(message({ strides: [1, 2] })).toBe("accepted");
    expect(message({ shape: [0, 2000000000], strides: [1, 1] })).toBe("accepted");
    expect(message({ shape: [2, 3], strides: [3, 2] })).toContain('"a" reaches value 7 of a storage of 6');
    expect(message({ offset: 1 })).toContain("reaches value 6 of a storage of 6");
    expect(message({ shape: [2000000000, 2000000000], strides: [0, 0] })).toContain(
      "has 4000000000000000000 values, but its storage has only 6",
    );
    expect(message({ shape: [-1, 3] })).toContain("no shape and strides");
    expect(message({ shape: [6], strides: [1, 1] })).toContain("no shape and strides of equal length");
    expect(message({ shape: Array(9).fill(1), strides: Array(9).fill(1) })).toContain("at most 8");
    expect(message({ count: 7 })).toContain("of 7 numbers of type float32 should take 28 bytes, but has 24 bytes");
    expect(message({ count: 2000000000 })).toContain("should take 8000000000 bytes, but has 24 bytes");
    expect(message({ key: "1" })).toContain(
      'Storage "1" of 6 numbers of type float32 should take 24 bytes, but is missing',
    );
    expect(message({ type: "DoubleStorage" })).toContain("should take 48 bytes");
    expect(message({ type: "ComplexFloatStorage" })).toContain(
      "is of type torch.ComplexFloatStorage, but only float64",
    );
  });

  test("may not grow by naming one storage many times", () => {
    // 300 names for one storage of 2^20 numbers would take 2.4 GB as doubles; the file has one megabyte.
    const storage = new Uint8Array(2 ** 20);
    const one = tensorPickle({ type: "ByteStorage", count: 2 ** 20, shape: [2 ** 20], strides: [1] });
    // The tensor is between the name and the item's end; stored once, it is recalled under other names.
    const name = unicode("a");
    const start = 3 + name.length;
    const tensor = one.subarray(start, one.length - 2);
    const again = Array.from({ length: 300 }, (_, i) => assemble(unicode(`t${i}`), "h", [7], "s"));
    const pickle = assemble([0x80, 2], "}", name, tensor, "q", [7], "s", ...again, ".");
    expect(messageOf(writePth(pickle, { 0: storage }))).toContain(
      "The tensors take 2524971008 bytes together; at most 2147483648 are read",
    );
  });

  test("that is something else is recognised", () => {
    expect(messageOf(writeZip([{ name: "word/document.xml", content: six }]))).toContain("has no data.pkl");
    const script = [
      { name: "m/data.pkl", content: tensorPickle() },
      { name: "m/constants.pkl", content: six },
    ];
    expect(messageOf(writeZip(script))).toContain("TorchScript program");
    expect(messageOf(writePth(assemble([0x80, 2], "N.")))).toContain("The file holds no table of tensors");
    expect(messageOf(writePth(assemble([0x80, 2], "}", unicode("epoch"), "Ns.")))).toContain("It has epoch there");
    const integers = new Uint8Array(BigInt64Array.of(2n ** 60n).buffer);
    const long = tensorPickle({ type: "LongStorage", count: 1, shape: [1], strides: [1] });
    expect(messageOf(writePth(long, { 0: integers }))).toContain('"a" holds integers beyond 2^53');
  });
});

describe("a damaged file", () => {
  const sound = read("types.pth");
  const expected = decodePytorch(sound, "nested.model");

  /** A FileError, or exactly the contents of the valid file: checksums detect every change of what is read. */
  function check(file: Uint8Array): void {
    try {
      expect(decodePytorch(file, "nested.model")).toEqual(expected);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  }

  test("cut off anywhere is refused", () => {
    for (let length = 0; length < sound.length; length += 7)
      expect(messageOf(sound.subarray(0, length))).not.toBe("accepted");
  });

  test("with any single byte changed is refused or unaffected", () => {
    fc.assert(
      fc.property(fc.nat({ max: sound.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = sound.slice();
        damaged[at] ^= change;
        check(damaged);
      }),
      { seed: 1, numRuns: 1500 },
    );
  });

  test("with its directory changed in many places is refused or unaffected", () => {
    const start = sound.length - 1800;
    const changes = fc.array(fc.tuple(fc.integer({ min: start, max: sound.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(changes, (list) => {
        const damaged = sound.slice();
        for (const [at, byte] of list) damaged[at] = byte;
        check(damaged);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  test("with corrected checksums still ends in a FileError or in tensors that fit their shapes", () => {
    const pickle = tensorPickle();
    const changes = fc.array(fc.tuple(fc.nat({ max: pickle.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(changes, (list) => {
        const damaged = pickle.slice();
        for (const [at, byte] of list) damaged[at] = byte;
        try {
          for (const { shape, data } of decodePytorch(writePth(damaged, { 0: six })).tensors.values()) {
            expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
            expect(Array.from(data).every((value) => value >= 1 && value <= 6)).toBe(true);
          }
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
        }
      }),
      { seed: 3, numRuns: 3000 },
    );
  });
});
