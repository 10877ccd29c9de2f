/** Findings of axe (the rules of WCAG 2.2, levels A and AA) in a browser page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** Run in the page before `accessibilityOf`. */
export const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** The findings, one line each: the rule and its place; and the rules that were checked. */
export async function accessibilityOf(page: Page): Promise<{ found: string[]; passed: string[] }> {
  const { violations, passes } = await page.evaluate(async (rules) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    return axe.run({ runOnly: rules, resultTypes: ["violations"] });
  }, RULES);
  return {
    found: violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, any }) => `${id}: ${target.join(" ")}: ${any.map(({ message }) => message).join(" ")}`),
    ),
    passed: passes.map(({ id }) => id),
  };
}
