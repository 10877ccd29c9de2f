import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { writeZip } from "../../test/support/zip.ts";
import { FileError } from "../errors.ts";
import { crc32 } from "../numeric/checksum.ts";
import { openZip } from "./zip.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const first = { name: "a", content: bytes("first") };
const second = { name: "Grüße/b", content: bytes("second, second, second") };
const archive = writeZip([first, { ...second, deflated: deflateRawSync(second.content) }]);

function messageOf(file: Uint8Array, read?: string): string {
  try {
    const zip = openZip(file, "w.pth");
    for (const name of read === undefined ? zip.names : [read]) zip.read(name);
    return "accepted";
  } catch (error) {
    if (error instanceof FileError) return error.message;
    throw error;
  }
}

function altered(change: (view: DataView, end: number) => void): Uint8Array {
  const copy = archive.slice();
  change(new DataView(copy.buffer), copy.length - 22);
  return copy;
}

describe("an archive", () => {
  test("gives its entries, stored and deflated, also with a comment", () => {
    const zip = openZip(archive, "w.pth");
    expect(zip.names).toEqual(["a", "Grüße/b"]);
    expect([zip.size("Grüße/b"), zip.size("c")]).toEqual([22, undefined]);
    expect([zip.read("a"), zip.read("Grüße/b")]).toEqual([first.content, second.content]);
    expect(messageOf(writeZip([first], "PK\u0005\u0006, a comment"))).toBe("accepted");
  });

  test("allocates nothing for a stored entry", () => {
    expect(openZip(archive, "w.pth").read("a").buffer).toBe(archive.buffer);
  });

  test("is refused if it contradicts itself", () => {
    const message = (...parts: Parameters<typeof writeZip>[0]) => messageOf(writeZip(parts));
    expect(message(first, first)).toContain("same name");
    expect(message(first, { ...second, offset: 0 })).toContain("another name where its data is");
    expect(message(first, { ...second, offset: 1 })).toContain("no entry starts there");
    expect(message({ ...first, size: 6 })).toContain("promises 6 bytes, but its 5 bytes in the archive can hold 5");
    expect(message({ ...first, size: 4 })).toContain("promises 4 bytes");
    expect(message({ ...first, flags: 1 })).toContain('"a" is encrypted');
    expect(message({ ...first, method: 12 })).toContain("packed by method 12");
    expect(message({ ...second, deflated: bytes("\u0007") })).toContain("cannot be unpacked: a block is of an unknown");
    const { length } = archive;
    expect(messageOf(archive.subarray(0, length - 1))).toContain("cut off");
    expect(messageOf(altered((view, end) => view.setUint16(end + 10, 3, true)))).toContain("after 2 of 3 entries");
    expect(messageOf(altered((view, end) => view.setUint16(end + 10, 1, true)))).toContain("after its 1 entries");
    expect(messageOf(altered((view, end) => view.setUint32(end + 12, 1 << 30, true)))).toContain("should end at byte");
    expect(messageOf(altered((view, end) => view.setUint32(end + 16, 0xffffffff, true)))).toContain("zip64");
    expect(messageOf(altered((view, end) => view.setUint16(end + 4, 1, true)))).toContain("several disks");
    expect(messageOf(archive, "absent")).toContain('no entry "absent"');
    const unchecked = writeZip([first]);
    new DataView(unchecked.buffer).setUint32(unchecked.length - 22 - 47 + 16, 0, true);
    expect(messageOf(unchecked)).toContain('"a" has no checksum');
    const damaged = archive.slice();
    damaged[31] ^= 1;
    expect(messageOf(damaged)).toContain('"a" has checksum');
  });

  test("with entries that share bytes is refused", () => {
    // Both directory headers point to the same entry; if it were not refused, only their names would differ.
    expect(messageOf(writeZip([first, { ...first, offset: 0 }]))).toContain("overlaps the entry before it");
  });

  test("may not have an entry with a header inside another's data", () => {
    const inner = { name: "b", content: bytes("inner") };
    // "a" starts as a complete entry "b" and, in the directory, ends with that entry's header: their data do not overlap.
    const entry = writeZip([inner]).subarray(0, 30 + 1 + 5);
    const file = writeZip([
      { name: "a", content: entry },
      { ...inner, offset: 30 + 1 },
    ]);
    const view = new DataView(file.buffer);
    const directory = view.getUint32(file.length - 22 + 16, true);
    view.setUint32(directory + 16, crc32(entry.subarray(0, 30)), true);
    for (const length of [20, 24]) view.setUint32(directory + length, 30, true);
    expect(messageOf(file)).toContain('"b" overlaps the entry before it');
  });

  test("may not promise more than deflate can give", () => {
    const zeros = new Uint8Array(100_000);
    const deflated = deflateRawSync(zeros);
    expect(messageOf(writeZip([{ name: "z", content: zeros, deflated }]))).toBe("accepted");
    const size = 2 ** 31 - 1;
    expect(messageOf(writeZip([{ name: "z", content: zeros, deflated, size }]))).toContain(
      `promises ${size} bytes, but its ${deflated.length} bytes in the archive can hold ${1032 * deflated.length}`,
    );
  });
});
