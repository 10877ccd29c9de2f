/**
 * A plain file server, like any static host: it sends a file's type and no other header, and a page for a missing file, which is the
 * folder's own `404.html` if it has one.
 */
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".ico": "image/x-icon",
  ".gz": "application/gzip",
};

const MISSING = "<!DOCTYPE html>\n<html><head><title>404</title></head><body>There is nothing here.</body></html>\n";

/** How some hosts differ. */
export interface Habits {
  /** Status of the page for a missing file; default 404. Hosts of single-page applications send 200. */
  readonly missing?: number;
  /** Whether `.gz` files are sent as encoded content, which browsers unpack. */
  readonly encodes?: boolean;
}

/** Serves `folder` under `base`, such as `/site/`, on 127.0.0.1, until it is closed. `address` ends in the base. */
export async function serveFiles(
  folder: string,
  base: string,
  { missing = 404, encodes = false }: Habits = {},
): Promise<{ address: string; close(): Promise<void> }> {
  const server = createServer(({ url = "/" }, response) => {
    const path = decodeURI(url.split(/[?#]/, 1)[0]!);
    const named = join(folder, normalize(`/${path.slice(base.length)}`));
    const file = path.endsWith("/") ? join(named, "index.html") : named;
    if (!path.startsWith(base) || !existsSync(file) || statSync(file).isDirectory()) {
      const own = join(folder, "404.html");
      response
        .writeHead(missing, { "Content-Type": TYPES[".html"] })
        .end(existsSync(own) ? readFileSync(own) : MISSING);
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const encoding = encodes && file.endsWith(".gz") ? { "Content-Encoding": "gzip" } : {};
    response.writeHead(200, { "Content-Type": type, ...encoding });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
