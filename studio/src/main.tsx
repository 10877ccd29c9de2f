import { render } from "preact";
import { App } from "./components/App.tsx";
import { followMachines, takeKeys } from "./state/history.ts";
import { followAddress, openAddress } from "./state/link.ts";
import { takeDrops } from "./state/open-files.ts";
import { openServed } from "./state/served.ts";
import { start, startWith } from "./state/studio.ts";

render(<App />, document.getElementById("studio")!);
start();
takeDrops();
takeKeys();
followMachines();
openAddress()
  .then((opened) => opened || openServed())
  .then((opened) => {
    if (!opened) startWith("wireless-2x2");
    followAddress();
  });
