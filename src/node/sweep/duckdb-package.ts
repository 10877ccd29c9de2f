/**
 * DuckDB, an optional package. Kept apart from the code that writes with it, so that a program can read that code's types without
 * the package.
 */
import { loadOptional } from "../optional-packages.ts";

/** Throws PlatformError, with what to install, if the package is missing. */
export const loadDuckDb = (): Promise<typeof import("@duckdb/node-api")> =>
  loadOptional(
    "The table of a sweep",
    ["@duckdb/node-api"],
    () => import("@duckdb/node-api"),
    "Existing rows are kept, and `xpike sweep show FOLDER` writes their table.",
  );
