/** The public API of reports: results as a value, as JSON, and as a page without charts. For browsers and Node. */

// Results as a value, as JSON and as a page.

export {
  type BriefDraft,
  buildReport,
  type ChartDraft,
  type ClaimDraft,
  type FigureDraft,
  type ReportDraft,
} from "./report/build-report.ts";
export { type FormattedQuantity, formatQuantity } from "./report/format.ts";
export { parseReport, reportJson } from "./report/json.ts";
export { figuresHtml } from "./report/page.ts";
export type { Chart, Claim, Figure, ReportSource } from "./report/report.ts";
