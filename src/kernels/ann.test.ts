import { test } from "vitest";
import { annSuite } from "../../test/support/ann-suite.ts";
import { BACKENDS } from "../../test/support/backends.ts";

for (const backend of BACKENDS) annSuite(backend, test);
