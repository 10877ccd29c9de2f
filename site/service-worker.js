/**
 * Lets the pages of a plain file server compute on several threads, and work without it.
 *
 * Browsers share memory between threads only on pages that come with two headers, which hosts of plain files do not send. This worker stands
 * between its pages and the host, and adds them. It keeps the files of its build: `FILES` at the request of a page, everything else as it
 * passes. Files with a hash in their name never change, so their copy is used at once; anything else is asked of the host first, so that
 * no page is older than its host, and the copy serves where the host does not answer. Whatever else a host sends with status 200, such as
 * a page to log in instead of a script, passes and is not kept.
 *
 * scripts/studio-folder.mjs writes the constants above this text: `BUILD`, a hash of all files; `FILES`, paths; and `SUMS`, which has
 * the start of a SHA-256 sum of each file, over its path, a line break and its bytes.
 */
const KEPT = `xpikeformer ${self.registration.scope} ${BUILD}`;
const KNOWN = new Set(SUMS.split(" "));
const HASHED = /\/assets\/.*[.-](?=[\w-]*[A-Z0-9_])[\w-]{8}(?:\.lean)?\.\w+$/;
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", () => {
  // A new build waits until the pages of the last one are closed, because those may still need its files.
  if (!self.registration.active) self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));

self.addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(keepAll());
});

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && new URL(url).origin === self.location.origin) event.respondWith(answer(event));
});

/** Removes what earlier builds kept. */
async function forgetOthers() {
  const own = (await caches.keys()).filter((name) => name.startsWith(`xpikeformer ${self.registration.scope} `));
  await Promise.all(own.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
}

async function keepAll() {
  const kept = await caches.open(KEPT);
  for (const path of FILES) {
    const url = new URL(path, self.registration.scope).href;
    if (await kept.match(url)) continue;
    const response = await fetch(url).catch(() => null);
    if (response) await keep(kept, url, response);
  }
}

/** Keeps a response with the bytes that the build has at this address. */
async function keep(kept, request, response) {
  if (response.status !== 200) return;
  const { pathname } = new URL(request.url ?? request);
  const path = decodeURI(pathname.slice(new URL(self.registration.scope).pathname.length));
  const named = new TextEncoder().encode(`${path.replace(/(^|\/)$/, "$1index.html")}\n`);
  const bytes = await new Blob([named, await response.clone().arrayBuffer()]).arrayBuffer();
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes), 0, 8);
  const written = Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (KNOWN.has(written)) await kept.put(request, response);
}

async function answer(event) {
  const { request } = event;
  const kept = await caches.open(KEPT);
  const copy = () => kept.match(request, { ignoreSearch: true, ignoreVary: true });
  if (HASHED.test(new URL(request.url).pathname)) {
    const found = await copy();
    if (found) return isolated(found);
  }
  try {
    const response = await fetch(request);
    event.waitUntil(keep(kept, request, response.clone()).catch(() => {}));
    return isolated(response);
  } catch (error) {
    const found = await copy();
    if (found) return isolated(found);
    throw error;
  }
}

/** The response with the headers that isolate a page. */
function isolated(response) {
  // Redirects of a navigation and the like cannot be read, and pass as they are.
  if (response.status === 0 || response.type === "opaqueredirect") return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
