import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { colourClasses, extend, lineTargets, styleClasses } from "../markdown.mjs";
import { anchorOf, apiOutline, outline, rewritten, root } from "../outline.mjs";
import { withPolicy } from "../policy.mjs";

const base = process.env.SITE_BASE ?? "/";
const { classOf, sheet } = styleClasses();
const SHEET = "assets/classes.css";
const packaged = (path) => join(root, "site/node_modules", path);
const linkTo = (page) =>
  `/${rewritten(page)
    .replace(/\.md$/, ".html")
    .replace(/index\.html$/, "")}`;
const asItem = ({ text, page, items }) => ({
  text,
  link: linkTo(page),
  ...(items && { collapsed: true, items: items.map(asItem) }),
});
const asGroup = ({ text, items }) => ({ text, items: items.map(asItem) });

export default {
  title: "Xpikeformer",
  description:
    "An open toolchain for spiking transformers on hybrid analog-digital hardware: train, map, simulate, price, generate RTL.",
  lang: "en-GB",
  base,
  srcDir: root,
  outDir: process.env.SITE_OUT ?? join(root, "site/dist"),
  srcExclude: ["results/**", "runs/**", "docs/api/**"],
  rewrites: rewritten,
  // The data of all pages stand in one file, and not in each page.
  metaChunk: true,
  head: [
    ["link", { rel: "icon", href: "data:," }],
    ["link", { rel: "stylesheet", href: `${base}${SHEET}` }],
  ],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    anchor: { slugify: anchorOf },
    config: (md) => extend(md, { base, classOf }),
    codeTransformers: [colourClasses(classOf), lineTargets],
  },
  vite: {
    // The pages are outside the folder with the packages that they need.
    resolve: {
      alias: [
        { find: /^vue$/, replacement: packaged("vue/dist/vue.runtime.esm-bundler.js") },
        {
          find: /^vue\/server-renderer$/,
          replacement: packaged("@vue/server-renderer/dist/server-renderer.esm-bundler.js"),
        },
      ],
    },
    build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 },
  },
  themeConfig: {
    nav: [
      { text: "The idea", link: "/article.html" },
      { text: "Documentation", link: "/docs/" },
      { text: "Experiments", link: "/experiments/" },
      { text: "Gallery", link: "/docs/gallery.html" },
      { text: "API", link: "/api/" },
      { text: "Studio", link: "/studio/index.html", target: "_self" },
    ],
    sidebar: { "/api/": apiOutline().map(asGroup), "/": outline().map(asGroup) },
    outline: [2, 3],
    search: { provider: "local", options: { detailedView: true } },
  },
  // Another program makes these pages after this build.
  ignoreDeadLinks: [/^\/studio\//],
  transformHtml: (html) => withPolicy(html.replace(/ style="[^"]*"/g, "")),
  buildEnd: ({ outDir }) => writeFileSync(join(outDir, SHEET), sheet()),
};
