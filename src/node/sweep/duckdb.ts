/**
 * The table of a sweep as a DuckDB database, plus Parquet and CSV copies. `SELECT * FROM points WHERE front` gives its front.
 *
 * DuckDB allows one writer, so only the process that runs a sweep writes it, once all rows are there. It is an optional package.
 */
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Cell, Column, SweepTable } from "../../sweep/table.ts";
import { fileError, temporaryName } from "../files.ts";
import { loadDuckDb } from "./duckdb-package.ts";
import { SWEEP_FILES } from "./folder.ts";

type Appender = Awaited<ReturnType<import("@duckdb/node-api").DuckDBConnection["createAppender"]>>;

const SQL_TYPES: Readonly<Record<Column["type"], string>> = {
  integer: "INTEGER",
  number: "DOUBLE",
  boolean: "BOOLEAN",
  text: "VARCHAR",
};

const LOG = /^\.results\.duckdb\..+\.wal$/;

/**
 * Writes the table and its copies into the folder, each completely or not at all.
 * Throws  PlatformError without DuckDB; FileError when the folder cannot be written
 */
export async function writeTable(folder: string, table: SweepTable): Promise<void> {
  const { DuckDBInstance } = await loadDuckDb();
  const names = [SWEEP_FILES.database, SWEEP_FILES.parquet, SWEEP_FILES.csv];
  const temporary = names.map((name) => join(folder, temporaryName(name)));
  const [database, parquet, csv] = temporary;
  // Also removes leftovers of a killed process: a database being written has a log next to it.
  const logs = async () => (await readdir(folder)).filter((name) => LOG.test(name)).map((name) => join(folder, name));
  const remove = async () => {
    for (const path of [...temporary, ...(await logs())]) await rm(path, { force: true });
  };
  try {
    // On one thread, rows keep their order in every file.
    const instance = await DuckDBInstance.create(database, { threads: "1" });
    const connection = await instance.connect();
    try {
      const columns = table.columns.map(({ name, type }) => `${identifier(name)} ${SQL_TYPES[type]}`);
      await connection.run(`CREATE TABLE points (${columns.join(", ")})`);
      const appender = await connection.createAppender("points");
      for (const row of table.rows) {
        for (const [i, cell] of row.entries()) appendCell(appender, cell, table.columns[i]);
        appender.endRow();
      }
      appender.closeSync();
      await connection.run(`COPY points TO ${literal(parquet)} (FORMAT parquet, COMPRESSION zstd)`);
      await connection.run(`COPY points TO ${literal(csv)} (FORMAT csv, HEADER)`);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
    for (const [i, name] of names.entries()) await rename(temporary[i], join(folder, name));
    await remove();
  } catch (error) {
    await remove();
    throw fileError(join(folder, SWEEP_FILES.database), error, "written");
  }
}

function appendCell(appender: Appender, cell: Cell, { type }: Column): void {
  if (cell === null) appender.appendNull();
  else if (type === "integer") appender.appendInteger(cell as number);
  else if (type === "number") appender.appendDouble(cell as number);
  else if (type === "boolean") appender.appendBoolean(cell as boolean);
  else appender.appendVarchar(String(cell));
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
