// Networks that training programs keep in `runs/`, which is no part of the repository.
import { readFile } from "node:fs/promises";

/** The address of a kept network. */
export const keptAt = (path) => new URL(`../runs/${path}`, import.meta.url);

/** The bytes of a kept network. An error names the command that trains it. */
export async function readKept(path, command) {
  try {
    return await readFile(keptAt(path));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    throw new Error(`There is no runs/${path}, which the repository does not hold. To train it, run: ${command}`);
  }
}
