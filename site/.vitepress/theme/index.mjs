import { withBase } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { LiveFigure } from "./live-figure.mjs";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("LiveFigure", LiveFigure);
    if (typeof navigator === "undefined" || !("serviceWorker" in navigator)) return;
    // Isolates the next pages, so that live figures compute on several threads. A browser that forbids it shows them on one.
    addEventListener("load", () => navigator.serviceWorker.register(withBase("/service-worker.js")).catch(() => {}));
  },
};
