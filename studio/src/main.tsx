import { render } from "preact";
import { App } from "./components/App.tsx";
import { followMachines, takeKeys } from "./state/history.ts";
import { addressed, followAddress, openAddress, readAddress } from "./state/link.ts";
import { takeDrops } from "./state/open-files.ts";
import { openServed } from "./state/served.ts";
import { fail, start, startWith } from "./state/studio.ts";

async function begin(): Promise<void> {
  readAddress();
  const { embedded } = addressed.value;
  render(<App />, document.getElementById("studio")!);
  // In a frame, the page around it has joined, and entries of the history would be those of that page.
  const worker = document.querySelector<HTMLMetaElement>("meta[name=service-worker]")?.content;
  if (worker && !embedded && (await (await import("./state/host.ts")).joinHost(worker))) return;
  start();
  takeDrops();
  takeKeys();
  followMachines();
  const isOpen = (await openAddress()) || (await openServed());
  if (!isOpen) startWith("wireless-2x2");
  if (!embedded) followAddress();
}

begin().catch(fail);
