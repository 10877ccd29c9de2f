// @module-tag slow
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createEncryptedServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { selfSigned } from "../../test/support/certificate.ts";
import { findImageData, type PublishedImages } from "../data/catalogue.ts";
import { FASHION_SLICE } from "./data.ts";
import { type DownloadOptions, downloadImageData } from "./download.ts";

/** Milliseconds in which a busy client reads the sent bytes before the connection breaks. */
const PAUSE = 200;
const NAME = "train-images-idx3-ubyte.gz";
const real = readFileSync(join(FASHION_SLICE, NAME));
const slice = findImageData("fashion-mnist-slice");

type Answer = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;

let server: Server;
let folder: string;
let requests: { range: string | undefined; url: string | undefined }[];
let answer: Answer;
let address: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-download-"));
  requests = [];
  server = createServer((request, response) => {
    requests.push({ range: request.headers.range, url: request.url });
    answer(request, response, requests.length);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true });
});

/** The slice's training images as a set of one file; its checksum is the catalogue's, unless the file's own is requested. */
function setOf(of: "content" | "file" = "content", addresses = [address]): PublishedImages {
  const sha256 =
    of === "content" ? slice.contents["train-images-idx3-ubyte"] : createHash("sha256").update(real).digest("hex");
  return { ...slice, addresses, files: [{ name: NAME, bytes: real.length, sha256, of }] };
}

const download = (set = setOf(), options: DownloadOptions = {}) => downloadImageData(set, folder, options);
const path = () => join(folder, NAME);
const whole: Answer = (_, response) => response.writeHead(200, { "content-length": real.length }).end(real);

/** Answers like a server that supports ranges. */
const ranged: Answer = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (start >= real.length) {
    response.writeHead(416, { "content-range": `bytes */${real.length}` }).end();
    return;
  }
  response.writeHead(start > 0 ? 206 : 200, {
    "content-length": real.length - start,
    ...(start > 0 ? { "content-range": `bytes ${start}-${real.length - 1}/${real.length}` } : {}),
  });
  response.end(real.subarray(start));
};

/** Announces all remaining bytes, sends some of them, and closes the connection. */
const dropping =
  (bytes: number): Answer =>
  (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": real.length - start,
      ...(start > 0 ? { "content-range": `bytes ${start}-${real.length - 1}/${real.length}` } : {}),
    });
    // A client that sees the break together with the bytes may drop them.
    response.write(real.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), PAUSE));
  };

describe("a download", () => {
  test("arrives, gets its final name, and is not repeated", async () => {
    answer = whole;
    const seen: number[] = [];
    const first = await download(setOf(), { onProgress: (_, bytes) => seen.push(bytes) });
    expect(first).toEqual([{ path: path(), isNew: true }]);
    expect(readFileSync(path()).equals(real)).toBe(true);
    expect(seen.at(-1)).toBe(real.length);
    expect(readdirSync(folder)).toEqual([NAME]);
    expect(await download()).toEqual([{ path: path(), isNew: false }]);
    expect(requests).toEqual([{ range: undefined, url: `/${NAME}` }]);
  });

  test("continues from the last byte when the connection breaks", async () => {
    answer = (request, response, attempt) => (attempt < 3 ? dropping(100_000) : ranged)(request, response, attempt);
    await download(setOf("file"));
    expect(readFileSync(path()).equals(real)).toBe(true);
    expect(requests[0].range).toBeUndefined();
    expect(requests.slice(1).length).toBeGreaterThan(0);
    for (const { range } of requests.slice(1)) expect(range).toMatch(/^bytes=\d+-$/);
  });

  test("continues in a later run from what an earlier run kept", async () => {
    writeFileSync(`${path()}.part`, real.subarray(0, 200_000));
    answer = ranged;
    await download();
    expect(requests).toEqual([{ range: "bytes=200000-", url: `/${NAME}` }]);
    expect(readFileSync(path()).equals(real)).toBe(true);
  });

  test("starts over if the server ignores the range", async () => {
    writeFileSync(`${path()}.part`, Buffer.alloc(200_000, 7));
    answer = whole;
    await download();
    expect(readFileSync(path()).equals(real)).toBe(true);
  });

  test("that was already complete requests only the end", async () => {
    writeFileSync(`${path()}.part`, real);
    answer = ranged;
    await download();
    expect(readFileSync(path()).equals(real)).toBe(true);
    expect(existsSync(`${path()}.part`)).toBe(false);
  });

  test("recompressed by a mirror is accepted, because the content is compared", async () => {
    const anew = gzipSync(gunzipSync(real), { level: 1 });
    expect(anew.equals(real)).toBe(false);
    answer = (_, response) => response.end(anew);
    await download();
    expect(readFileSync(path()).equals(anew)).toBe(true);
    rmSync(path());
    await expect(download(setOf("file"))).rejects.toThrow(
      `455168 bytes are announced, but ${real.length} are expected`,
    );
    answer = (_, response) => response.end(real.with(1000, real[1000] ^ 1));
    await expect(download(setOf("file"))).rejects.toThrow(/SHA-256 differs from the published one/);
  });
});

describe("a partial file is kept", () => {
  beforeEach(() => writeFileSync(`${path()}.part`, real.subarray(0, 200_000)));
  const kept = () => readFileSync(`${path()}.part`);

  test("if the server has no bytes from there on; the whole file is requested, and may break earlier", async () => {
    answer = (request, response, attempt) => {
      if (request.headers.range !== undefined) response.writeHead(416).end();
      else dropping(50_000)(request, response, attempt);
    };
    await expect(download()).rejects.toThrow(/200000 bytes are kept/);
    expect(requests.map(({ range }) => range)).toEqual(["bytes=200000-", undefined]);
    expect(kept().equals(real.subarray(0, 200_000))).toBe(true);
    expect(readdirSync(folder)).toEqual([`${NAME}.part`]);
    answer = (request, response, attempt) => {
      if (request.headers.range !== undefined) response.writeHead(416).end();
      else whole(request, response, attempt);
    };
    await download();
    expect(readFileSync(path()).equals(real)).toBe(true);
  });

  test("if a server without ranges breaks earlier, or sends too much", async () => {
    const all: Answer = (_, response) => {
      response.writeHead(200, { "content-length": real.length });
      response.write(real.subarray(0, 50_000), () => setTimeout(() => response.destroy(), PAUSE));
    };
    const long: Answer = (_, response) => {
      response.write(Buffer.alloc(9 * real.length));
      response.end();
    };
    for (const other of [all, long]) {
      answer = other;
      await expect(download()).rejects.toThrow(/200000 bytes are kept/);
      expect(kept().equals(real.subarray(0, 200_000))).toBe(true);
    }
  });

  test("if the server does not give the file's length, and it ends too early", async () => {
    // An answer that ends when the connection closes.
    const send = (response: ServerResponse, start: number, end: number) => {
      const head =
        start > 0 ? `206 Partial Content\r\nContent-Range: bytes ${start}-${real.length - 1}/${real.length}` : "200 OK";
      response.socket!.write(`HTTP/1.1 ${head}\r\nConnection: close\r\n\r\n`);
      response.socket!.end(real.subarray(start, end));
    };
    rmSync(`${path()}.part`);
    answer = (_, response) => send(response, 0, 100_000);
    await expect(download()).rejects.toThrow(/does not give the file's length, and the file ends after 100000 bytes/);
    expect(kept().equals(real.subarray(0, 100_000))).toBe(true);
    answer = (request, response) => {
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      send(response, start, start + 200_000);
    };
    await download();
    expect(readFileSync(path()).equals(real)).toBe(true);
    expect(requests.slice(-2).map(({ range }) => range)).toEqual(["bytes=100000-", "bytes=300000-"]);
  });
});

test("a server slower than the minimum rate is abandoned after a second attempt", async () => {
  answer = (_, response) => {
    response.writeHead(200, { "content-length": real.length });
    let sent = 0;
    const timer = setInterval(() => response.write(real.subarray(sent, ++sent)), 5);
    response.on("close", () => clearInterval(timer));
  };
  // A loaded machine may suspend this process for longer than 0.2 s, which would count as silence.
  const slow = download(setOf(), { patience: 1000, leastRate: 10_000 });
  await expect(slow).rejects.toThrow(/\d+ bytes in 1 s are fewer than 10000 per second/);
  expect(requests).toHaveLength(2);
  expect(existsSync(`${path()}.part`)).toBe(true);
});

describe("a server that redirects", () => {
  let encrypted: Server;
  let secure: string;
  let location: string;
  beforeEach(async () => {
    // Node checks it for each connection; the certificate is self-signed.
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    encrypted = createEncryptedServer(selfSigned(), (request, response) => {
      if (request.url?.startsWith("/there")) whole(request, response, 0);
      else response.writeHead(302, { location }).end();
    });
    await new Promise<void>((done) => encrypted.listen(0, "127.0.0.1", done));
    secure = `https://127.0.0.1:${(encrypted.address() as AddressInfo).port}/`;
    answer = (request, response) => {
      if (request.url?.startsWith("/there")) whole(request, response, 0);
      else response.writeHead(307, { location }).end();
    };
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    encrypted.closeAllConnections();
    await new Promise((done) => encrypted.close(done));
  });
  const from = (folder: string) => download(setOf("file", [folder]));

  test.each([
    ["from http to http", () => [address, `/there/${NAME}`]],
    ["from http to https", () => [address, `${secure}there/${NAME}`]],
    ["from https to https", () => [secure, `/there/${NAME}`]],
  ])("%s is followed", async (_, addresses) => {
    const [first, next] = addresses();
    location = next;
    await from(first);
    expect(readFileSync(path()).equals(real)).toBe(true);
  });

  test("from https to http is abandoned, and the other address is not contacted", async () => {
    location = `${address}there/${NAME}`;
    await expect(from(secure)).rejects.toThrow(
      `the server redirects from https to ${address.slice(0, -1)}, which is not encrypted`,
    );
    expect(requests).toEqual([]);
  });

  test("in a circle, or to an invalid address, is abandoned", async () => {
    location = "/again";
    await expect(from(address)).rejects.toThrow(/redirects more than 5 times/);
    location = "file:///etc/passwd";
    await expect(from(address)).rejects.toThrow(/redirects to "file:\/\/\/etc\/passwd", which is not an address/);
  });
});

describe("no file gets the final name", () => {
  const left = () => readdirSync(folder).filter((name) => !name.endsWith(".part"));

  test("if the content differs, and the next address is tried", async () => {
    answer = (request, response, attempt) =>
      attempt === 1 ? response.end(gzipSync("other content")) : whole(request, response, attempt);
    await expect(download()).rejects.toThrow(/SHA-256 differs from the published one; the file was deleted/);
    expect(readdirSync(folder)).toEqual([]);
    requests = [];
    await download(setOf("content", [`${address}first/`, `${address}second/`]));
    expect(requests.map(({ url }) => url)).toEqual([`/first/${NAME}`, `/second/${NAME}`]);
  });

  test("if a part of another file is continued; the next run starts over", async () => {
    writeFileSync(`${path()}.part`, Buffer.alloc(200_000, 7));
    answer = ranged;
    await expect(download()).rejects.toThrow(/differs from the published one/);
    await download();
    expect(readFileSync(path()).equals(real)).toBe(true);
  });

  test("if no address delivers anything; each is tried twice", async () => {
    answer = (_, response) => response.writeHead(503).end();
    await expect(download(setOf("content", [`${address}first/`, `${address}second/`]))).rejects.toThrow(
      /first.*the server answers 503.*second.*the server answers 503/s,
    );
    expect(requests.map(({ url }) => url?.split("/")[1])).toEqual(["first", "first", "second", "second"]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("if the connection keeps breaking; the received bytes are kept and reported", async () => {
    answer = dropping(10_000);
    await expect(download()).rejects.toThrow(/the line failed.*\d+ bytes are kept in train-images-idx3-ubyte.gz.part/s);
    expect(requests.length).toBeGreaterThan(1);
    expect(left()).toEqual([]);
    const kept = readFileSync(`${path()}.part`);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.equals(real.subarray(0, kept.length))).toBe(true);
  });

  test("if more arrives than any mirror's file could hold", async () => {
    answer = (_, response) => response.end(Buffer.alloc(9 * real.length));
    await expect(download()).rejects.toThrow(`bytes are announced, but ${real.length} are expected`);
    answer = (_, response) => {
      response.write(Buffer.alloc(9 * real.length));
      response.end();
    };
    await expect(download()).rejects.toThrow(`bytes arrive, but ${real.length} are expected`);
    expect(left()).toEqual([]);
  });

  test("if another range is returned than requested", async () => {
    writeFileSync(`${path()}.part`, real.subarray(0, 1000));
    answer = (_, response) => response.writeHead(206, { "content-range": `bytes 5-9/${real.length}` }).end("12345");
    await expect(download()).rejects.toThrow(/instead of bytes from 1000/);
    expect(left()).toEqual([]);
  });

  test("if the server has no such file, is silent, or cannot be reached", async () => {
    answer = (_, response) => response.writeHead(404).end("no");
    await expect(download()).rejects.toThrow(/the server answers 404 Not Found/);
    answer = () => {};
    await expect(download(setOf(), { patience: 50 })).rejects.toThrow(/nothing arrived for 0.05 s/);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await expect(download()).rejects.toThrow(/the line failed \(ECONNREFUSED\)/);
    expect(left()).toEqual([]);
    server.listen(0);
  });
});

test("a set without an address, and an invalid address, are refused", async () => {
  await expect(download(slice)).rejects.toThrow(/comes with this package/);
  await expect(download(setOf(), { from: "nowhere" })).rejects.toThrow(/"nowhere" is not an address/);
});
