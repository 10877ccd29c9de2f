/** The figures so far, as files that the commands can read. */
import type { Report } from "xpikeformer";
import { buildReport, figuresHtml, reportJson } from "xpikeformer/report";
import { reached } from "./studio.ts";

export const figuresJson = (): string => reportJson(reportNow());

export const figuresPage = (): string => figuresHtml(reportNow());

function reportNow(): Report {
  const { of, chips, prompts, figures } = reached.value!;
  const command = `xpike run experiment.json --chips ${chips} --prompts ${prompts}`;
  return buildReport({
    title: `${of.name}: figures of simulated chips, from the studio`,
    summary: `${chips} simulated chips answered ${prompts} prompts each.`,
    description:
      "Figures of the chips alone. The command gives the same figures, next to reference networks and receivers.",
    experiment: of,
    command,
    seed: of.seed,
    versions: {},
    figures,
  });
}
