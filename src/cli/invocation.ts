/**
 * What users type for `xpike` in the current folder: `npm run xpike --` in a clone, `npx xpike` with an installed package.
 *
 * Messages of the library and commands in reports always say `xpike run ...`, since they may be read on another machine. The terminal
 * replaces the word, so that printed commands can be copied.
 */
import { basename, dirname, relative } from "node:path";

/** Commands that messages name. */
const COMMANDS = "run|train|eval|cost|sweep|compare|worker|studio|rtl|data|import|export|device|presets|schema";
const NAMED = new RegExp(`\\bxpike(?= (?:(?:${COMMANDS})\\b|\\[))`, "g");

/**
 * The words before a command. `script` is the file that node was given, as typed or linked; `folder` is the current folder.
 *
 * @example
 * const npm = { npm_lifecycle_event: "start", npm_package_name: "xpikeformer", npm_package_json: "/clone/package.json" };
 * invocation("/clone/dist/cli/main.js", npm, "/clone"); // npm run xpike --
 */
export function invocation(
  script: string,
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): string {
  const linked = /^xpike(\.\w+)?$/.test(basename(script));
  const installed = /[\\/]node_modules[\\/]/.test(script);
  if (installed) return "npx xpike";
  if (linked) return "xpike";
  const { npm_package_name: name, npm_package_json: clone, npm_lifecycle_event: started } = environment;
  const stands = clone !== undefined && !relative(dirname(clone), folder).startsWith("..");
  if (name === "xpikeformer" && started && stands) return "npm run xpike --";
  return `node ${relative(folder, script) || script}`;
}

/** A message with its commands as users type them here. */
export function asTyped(message: string, program: string): string {
  return message.replace(NAMED, () => program);
}
