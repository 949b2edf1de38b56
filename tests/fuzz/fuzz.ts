/**
 * `bun run test:fuzz [SECTION…] [--quick] [--seed N] [--json FILE]`; see `../proof.ts`.
 */

import { prove } from "../proof.ts";

process.exit(await prove(import.meta.path, Bun.argv.slice(2)));
