/** HDF5 files that take far more memory than they have bytes. */
import * as hdf5 from "h5wasm";

/** The bytes of a file that `write` fills. */
export async function hdf5File(write: (file: hdf5.File) => void): Promise<Uint8Array> {
  const { FS } = await hdf5.ready;
  const name = "written.h5";
  const file = new hdf5.File(name, "w");
  write(file);
  file.close();
  const bytes = FS.readFile(name);
  FS.unlink(name);
  return bytes;
}

/** An array `x` of 32-bit floats of which nothing was written: the library fills it with zeros when it is read. */
export const unwrittenArray = (length: number, chunk = 16): Promise<Uint8Array> =>
  hdf5File((file) => {
    const data = new Float32Array(16);
    file.create_dataset({
      name: "x",
      data,
      shape: [16],
      dtype: "<f",
      maxshape: [2 ** 40],
      chunks: [chunk],
      compression: "gzip",
    });
    (file.get("x") as hdf5.Dataset).resize([length]);
  });

/** An array `x` of texts that are all one text in the file. */
export async function repeatedText(text: string, count: number): Promise<Uint8Array> {
  const bytes = await hdf5File((file) => {
    file.create_dataset({ name: "x", data: [text, ...Array(count - 1).fill("a")], shape: [count], dtype: "S" });
  });
  // Length, address of the heap, and number there, in 16 bytes each.
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const lengthAt = (at: number): number => view.getUint32(at, true);
  let first = 0;
  while (lengthAt(first) !== text.length || lengthAt(first + 16) !== 1 || lengthAt(first + 32) !== 1) first++;
  for (let i = 1; i < count; i++) bytes.copyWithin(first + 16 * i, first, first + 16);
  return bytes;
}
