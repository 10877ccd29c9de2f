/**
 * Folders and files, without their ending, that only show values: the commands, the studio, and the files of `report/` that draw or
 * print. No stored value passes through them, so the build id leaves them out. `scripts/bundle.mjs` reads this list too, and keeps each
 * of these files a file of its own.
 */
export const SHOWING: ReadonlySet<string> = new Set([
  "cli",
  "studio",
  "report/draw",
  "report/brief",
  "report/chart-svg",
  "report/claims-table",
  "report/cost-screen",
  "report/cost-table",
  "report/data-table",
  "report/html",
  "report/markup",
  "report/page",
  "report/style",
  "report/table",
]);
