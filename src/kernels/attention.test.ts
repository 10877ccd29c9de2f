// @module-tag slow
import { test } from "vitest";
import { attentionSuite } from "../../test/support/attention-suite.ts";
import { BACKENDS } from "../../test/support/backends.ts";

for (const backend of BACKENDS) attentionSuite(backend, test);
