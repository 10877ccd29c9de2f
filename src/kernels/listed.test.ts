// @module-tag slow
import { test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import { listedSuite } from "../../test/support/listed-suite.ts";

for (const backend of BACKENDS) listedSuite(backend, test);
