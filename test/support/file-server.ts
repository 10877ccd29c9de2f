/** A server of plain files, as any host of static pages is: no header of its own but the type, and 404 for what is not there. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** Serves `folder` below `base`, such as `/site/`, on 127.0.0.1, until it is closed. `address` ends in the base. */
export async function serveFiles(folder: string, base: string): Promise<{ address: string; close(): Promise<void> }> {
  const server = createServer(({ url = "/" }, response) => {
    const path = decodeURI(url.split(/[?#]/, 1)[0]!);
    const named = join(folder, normalize(`/${path.slice(base.length)}`));
    const file = path.endsWith("/") ? join(named, "index.html") : named;
    if (!path.startsWith(base) || !existsSync(file) || statSync(file).isDirectory()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
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
