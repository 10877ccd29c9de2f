import { render } from "preact";
import { App } from "./components/App.tsx";
import { followMachines, takeKeys } from "./state/history.ts";
import { addressed, followAddress, openAddress, readAddress } from "./state/link.ts";
import { takeDrops } from "./state/open-files.ts";
import { openServed } from "./state/served.ts";
import { start, startWith } from "./state/studio.ts";

async function begin(): Promise<void> {
  readAddress();
  const { embedded } = addressed.value;
  render(<App />, document.getElementById("studio")!);
  start();
  takeDrops();
  takeKeys();
  followMachines();
  const isOpen = (await openAddress()) || (await openServed());
  if (!isOpen) startWith("wireless-2x2");
  // In a frame, entries of the history would be those of the page around it.
  if (!embedded) followAddress();
}

begin();
