// @module-tag slow
import { test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import { spikingSuite } from "../../test/support/spiking-suite.ts";

for (const backend of BACKENDS) spikingSuite(backend, test);
