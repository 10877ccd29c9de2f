import { withBase } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { h } from "vue";
import { LiveFigure } from "./live-figure.mjs";
import "./style.css";

/** What a missing page shows, in the landmark that the theme's own lacks. */
const missing = () =>
  h("main", { class: "missing" }, [
    h("h1", "No such page"),
    h("p", "It may have moved: search for its subject, or start at the home page."),
    h("p", h("a", { href: withBase("/") }, "Home page")),
  ]);

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "not-found": missing }),
  enhanceApp({ app }) {
    app.component("LiveFigure", LiveFigure);
    if (typeof navigator === "undefined" || !("serviceWorker" in navigator)) return;
    // Isolates the next pages, so that live figures compute on several threads. A browser that forbids it shows them on one.
    addEventListener("load", () => navigator.serviceWorker.register(withBase("/service-worker.js")).catch(() => {}));
  },
};
