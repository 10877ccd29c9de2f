import { render } from "preact";
import { App } from "./components/App.tsx";
import { start } from "./state/studio.ts";

render(<App />, document.getElementById("studio")!);
start("wireless-2x2");
