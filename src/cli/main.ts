#!/usr/bin/env node
/** The command: checks the version of Node, then loads `launch.ts`. It stays in syntax that old versions read, even when bundled. */
import { readFileSync } from "node:fs";
import { refuseOldNode } from "../../scripts/node-version.mjs";

const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
if (!refuseOldNode(process.versions.node, engines.node)) import("./launch.ts").then((start) => start.launch());
