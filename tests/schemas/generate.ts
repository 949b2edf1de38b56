/** Writes the JSON Schemas of every document: `npm run schemas`. */

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../process.ts";
import { schemaFiles } from "./catalog.ts";

const dir = join(root, "schemas");
const files = schemaFiles();
for (const name of readdirSync(dir)) if (!files.has(name)) rmSync(join(dir, name));
for (const [name, text] of files) writeFileSync(join(dir, name), text);
