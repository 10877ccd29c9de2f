/** All readers of other people's input. */
import { FILES } from "./fuzz-files.ts";
import { FOLDERS } from "./fuzz-folders.ts";
import type { Reader } from "./fuzz-reader.ts";
import { TEXTS } from "./fuzz-specs.ts";

export const READERS: Readonly<Record<string, Reader>> = { ...TEXTS, ...FILES, ...FOLDERS };
