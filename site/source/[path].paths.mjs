import { shownFiles } from "../outline.mjs";

/** Files that pages point to, each as a page. */
export default {
  paths: () => Array.from(shownFiles(), ([path, content]) => ({ params: { path }, content })),
};
