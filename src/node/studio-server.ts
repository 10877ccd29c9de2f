/**
 * Serves the studio to this machine alone: the built page, the bundled networks, the experiments of `examples`, and slices of image sets.
 * The site (`scripts/site.mjs`) has the same files at the same addresses, for any server of plain files.
 *
 * A list of the existing files maps each address to its file, so no address leads out of the folders. The server answers requests to its
 * own name only: a page of another site whose name was pointed at 127.0.0.1 sends that name instead (DNS rebinding). The two isolation
 * headers let the page share memory between threads. The policy lets it load nothing from elsewhere and run no other script.
 */
import { existsSync, readdirSync } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { IDX_FILES } from "../data/catalogue.ts";
import { FileError, isXpikeError, PlatformError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { FASHION_SLICE, MNIST_SLICE } from "./data.ts";
import { bundledNetwork, networkNames } from "./networks.ts";
import { RUN_FILES } from "./training.ts";

/** What the studio opens first. */
export interface StudioOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** A folder of a run, read on each request: its experiment, report, metrics and network. Nothing in it is written. */
  readonly folder?: string;
  /** An experiment. */
  readonly experiment?: Experiment;
  /** The file of its network, unless it is bundled. */
  readonly network?: string;
}

export interface StudioServer {
  /** `http://127.0.0.1:PORT/`. */
  readonly address: string;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** Directives of the policy of the page and its workers; the site has the same policy for the studio. */
export const STUDIO_POLICY: readonly string[] = [
  "default-src 'none'",
  // Kernels are WebAssembly.
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

const HEADERS: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": STUDIO_POLICY.join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
};

const PROBLEM = "application/problem+json";

/** Why a request is refused, by status. */
const REFUSED: Readonly<Record<number, string>> = {
  403: "The studio answers only requests to 127.0.0.1 or localhost, at its own port.",
  404: 'Nothing lies at this address. <a href="/">Open the studio</a>, which has everything on one page.',
  405: "The studio only sends files, for the methods GET and HEAD.",
  500: "The studio could not read this file.",
};

const own = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * Serves until it is closed.
 *
 * Throws  FileError when the studio is not built; PlatformError when the port is not available
 */
export async function serveStudio({ port = 0, ...opened }: StudioOptions = {}): Promise<StudioServer> {
  const files = new Map([...studioFiles(), ...openedFiles(opened)]);
  const server = createServer((request, response) => {
    answer(files, hostsOf((server.address() as AddressInfo).port), request, response).catch((error) => {
      // A network that is not installed, for instance: the page shows how to get it. The type (RFC 9457) tells it from a page of errors.
      if (isXpikeError(error))
        send(response, 404, { "Content-Type": PROBLEM }, JSON.stringify({ detail: error.message }));
      else refuse(response, 500);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new PlatformError("port", portProblem(error, port))));
    server.listen(port, HOST, resolve);
  });
  return {
    address: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portProblem({ code, message }: NodeJS.ErrnoException, port: number): string {
  const wayOut = "Choose another with --port, or leave --port out for one that is free.";
  if (code === "EADDRINUSE") return `Port ${port} is in use, perhaps by another studio. ${wayOut}`;
  if (code === "EACCES") return `Port ${port} is reserved: the system lets only administrators listen there. ${wayOut}`;
  return `The studio cannot be served at port ${port}: ${message}. ${wayOut}`;
}

const hostsOf = (port: number): readonly string[] => [`${HOST}:${port}`, `localhost:${port}`];

/** The file of each address, found on request. */
type Files = ReadonlyMap<string, () => Found | Promise<Found>>;

/** The path of a file, or JSON made on request. */
type Found = string | { readonly json: string };

function studioFiles(): Files {
  const page = own("dist/studio");
  if (!existsSync(join(page, "index.html"))) {
    throw new FileError(page, "The studio is not built. Build it with `npm run build` in a clone of the repository.");
  }
  const files = new Map<string, () => Found | Promise<Found>>([["/", () => join(page, "index.html")]]);
  for (const name of readdirSync(join(page, "assets"))) files.set(`/assets/${name}`, () => join(page, "assets", name));
  for (const name of readdirSync(own("examples")).filter((name) => name.endsWith(".json"))) {
    files.set(`/examples/${name}`, () => join(own("examples"), name));
  }
  for (const name of networkNames()) files.set(`/networks/${name}.safetensors`, () => bundledNetwork(name));
  for (const slice of [FASHION_SLICE, MNIST_SLICE]) {
    for (const name of Object.values(IDX_FILES)) {
      files.set(`/data/${basename(slice)}/${name}.gz`, () => join(slice, `${name}.gz`));
    }
  }
  return files;
}

/** Files of a run's folder that are served. */
const RUN_NAMES = [RUN_FILES.experiment, RUN_FILES.metrics, RUN_FILES.network, "report.json"];

/** The opened files, at `/opened/NAME`; `/opened` lists them, each with a mark that changes with the file. */
function openedFiles({ folder, experiment, network }: Omit<StudioOptions, "port">): Files {
  const files = new Map<string, () => Found | Promise<Found>>();
  if (folder !== undefined) {
    for (const name of RUN_NAMES) files.set(`/opened/${name}`, () => fileWithin(folder, name));
  }
  if (experiment) {
    files.set(`/opened/${RUN_FILES.experiment}`, () => ({ json: JSON.stringify(experiment) }));
    if (network !== undefined) files.set(`/opened/${RUN_FILES.network}`, () => network);
  }
  files.set("/opened", async () => {
    const marks: Record<string, string> = {};
    for (const [path, find] of files) {
      if (path === "/opened") continue;
      const mark = await Promise.resolve(find())
        .then(markOf)
        .catch(() => null);
      if (mark !== null) marks[basename(path)] = mark;
    }
    return { json: JSON.stringify(marks) };
  });
  return files;
}

async function markOf(found: Found): Promise<string> {
  if (typeof found !== "string") return "";
  const { mtimeMs, size } = await stat(found);
  return `${mtimeMs} ${size}`;
}

/** A file of a folder. Throws FileError if it is missing, or a link to a file elsewhere. */
async function fileWithin(folder: string, name: string): Promise<string> {
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, name))]);
    if (path === join(root, name)) return path;
  } catch (cause) {
    throw new FileError(join(folder, name), "The folder no longer has this file.", { cause });
  }
  throw new FileError(join(folder, name), "This file is a link that leads out of its folder, so it is not served.");
}

async function answer(
  files: Files,
  hosts: readonly string[],
  { method, headers, url = "/" }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!hosts.includes(headers.host ?? "")) return refuse(response, 403);
  if (method !== "GET" && method !== "HEAD") return refuse(response, 405, { Allow: "GET, HEAD" });
  const [path] = url.split("?", 1);
  const file = await files.get(path)?.();
  if (file === undefined) return refuse(response, 404);
  const content = typeof file === "string" ? await readFile(file) : Buffer.from(file.json);
  const type = TYPES[typeof file === "string" ? extname(file) : ".json"] ?? "application/octet-stream";
  send(
    response,
    200,
    { "Content-Type": type, "Content-Length": String(content.length) },
    method === "GET" ? content : "",
  );
}

/** Sends a page that says why. It has an icon, because a browser asks for `/favicon.ico` otherwise. */
function refuse(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  const name = STATUS_CODES[status];
  const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${name}</title><link rel="icon" href="data:,"></head>
<body><main><h1>${name}</h1><p>${REFUSED[status]}</p></main></body>
</html>
`;
  send(response, status, { "Content-Type": TYPES[".html"], ...headers }, page);
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  content: string | Uint8Array = "",
): void {
  response.writeHead(status, { ...HEADERS, ...headers }).end(content);
}
