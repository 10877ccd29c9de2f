/**
 * The service worker of hosts of plain files, which send no headers for threads (site/service-worker.js). The page names it in a meta
 * element, which scripts/studio-folder.mjs adds. `xpike studio` sends the headers itself and has no such element.
 */

/** Milliseconds to wait for the worker on a first visit. */
const PATIENCE = 3000;
/** Set for this tab once the page was loaded again for the worker, so that it is never loaded a third time. */
const RELOADED = "xpikeformer-reloaded";

/**
 * Starts the worker. On a first visit, the page must load again through it, to be isolated; the worker then keeps the studio's files.
 * Returns whether the page is loading again.
 */
export async function joinHost(file: string): Promise<boolean> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (workers === undefined) return false;
  try {
    const isThrough = workers.controller !== null;
    await workers.register(file);
    const active = await Promise.race([workers.ready, new Promise<null>((give) => setTimeout(give, PATIENCE, null))]);
    if (crossOriginIsolated || isThrough || active === null || sessionStorage.getItem(RELOADED) !== null) {
      active?.active?.postMessage("keep");
      return false;
    }
    sessionStorage.setItem(RELOADED, "yes");
    location.reload();
    return true;
  } catch {
    // The browser forbids it: a private window, say. The page works as it is.
    return false;
  }
}
