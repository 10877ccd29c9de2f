/** In its own file, so that declarations of the public functions that use it need no Node types. */
import { type FileHandle, open } from "node:fs/promises";

/** Opens a file for as long as `use` takes. */
export async function withFile<T>(
  path: string,
  flags: string | number,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
