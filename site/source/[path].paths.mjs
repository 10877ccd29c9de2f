import { shownFiles } from "../outline.mjs";

/** One page for each file that pages link to. */
export default {
  paths: () => Array.from(shownFiles(), ([path, content]) => ({ params: { path }, content })),
};
