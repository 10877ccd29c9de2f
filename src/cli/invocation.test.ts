import { expect, test } from "vitest";
import { asTyped, invocation } from "./invocation.ts";

const npm = { npm_lifecycle_event: "xpike", npm_package_name: "xpikeformer", npm_package_json: "/clone/package.json" };

test.each([
  ["/clone/dist/cli/main.js", npm, "/clone", "npm run xpike --"],
  ["/clone/dist/cli/main.js", { ...npm, npm_lifecycle_event: "start" }, "/clone", "npm run xpike --"],
  ["/clone/dist/cli/main.js", npm, "/clone/examples", "npm run xpike --"],
  // Elsewhere npm would not find the script.
  ["/clone/dist/cli/main.js", npm, "/results", "node ../clone/dist/cli/main.js"],
  ["/clone/dist/cli/main.js", {}, "/clone", "node dist/cli/main.js"],
  ["/clone/dist/cli/main.js", {}, "/clone/examples", "node ../dist/cli/main.js"],
  ["/project/node_modules/.bin/xpike", {}, "/project", "npx xpike"],
  // From a script of one's own project, and as Windows starts it.
  [
    "/project/node_modules/.bin/xpike",
    { npm_lifecycle_event: "simulate", npm_package_name: "mine" },
    "/project",
    "npx xpike",
  ],
  ["/project/node_modules/xpikeformer/dist/cli/main.js", {}, "/project", "npx xpike"],
  ["/usr/local/bin/xpike", {}, "/home/me", "xpike"],
])("started as %s with %j in %s it is typed as: %s", (script, environment, folder, typed) => {
  expect(invocation(script, environment, folder)).toBe(typed);
});

test("commands in a message are replaced once, and other uses of the word are not", () => {
  const typed = (text: string) => asTyped(text, "npx xpike");
  expect(typed("Train it with `xpike train a.json --out b`; see `xpike presets`.")).toBe(
    "Train it with `npx xpike train a.json --out b`; see `npx xpike presets`.",
  );
  expect(typed("Usage: xpike [options] [command]\nUsage: xpike rtl verify")).toBe(
    "Usage: npx xpike [options] [command]\nUsage: npx xpike rtl verify",
  );
  for (const text of ["an xpike runner", "xpikeformer run", "xpike.json", "the command xpike"])
    expect(typed(text)).toBe(text);
  // No pattern of replacement is read from the name.
  expect(asTyped("xpike run", "node $&/main.js")).toBe("node $&/main.js run");
});
