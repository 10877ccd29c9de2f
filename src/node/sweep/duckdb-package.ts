/**
 * DuckDB, an optional package. Kept apart from the code that writes with it, so that a program can read that code's types without
 * the package.
 */
import { PlatformError } from "../../errors.ts";

/** Throws PlatformError, with what to install, if the package is missing. */
export async function loadDuckDb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw new PlatformError(
      "@duckdb/node-api",
      "The table of a sweep needs DuckDB, which is not installed. Install it with `npm install @duckdb/node-api`. " +
        "Existing rows are kept, and `xpike sweep show FOLDER` writes their table.",
      { cause },
    );
  }
}
