/** How an error is told: as text for eyes, and as the document that `--json` promises. */

import manifest from "../package.json" with { type: "json" };
import type { ErrorDocument } from "./documents.ts";
import { describeError, formatPlace, ToolkitError } from "./errors.ts";
import type { Style } from "./terminal.ts";
import { printable, printableLines } from "./text.ts";

const bugHint =
  `this is a bug in ${manifest.name} ${manifest.version}: ` +
  "please report it with the lines above";

/** The error as `--json` prints it. */
export function errorDocument(error: unknown): ErrorDocument {
  const message = describeError(error);
  if (!(error instanceof ToolkitError)) {
    return { error: { outcome: "bug", message, hint: bugHint } };
  }
  const { outcome, hint = null, place } = error;
  return { error: { outcome, message, hint, ...(place === undefined ? {} : { place }) } };
}

/** The error as lines for stderr: message, place, cause, hint; of a bug the stack trace too. */
export function formatError(error: unknown, style: Style): string {
  const lines = [`${style.red("error:")} ${printableLines(describeError(error))}`];
  if (error instanceof ToolkitError) {
    if (error.place !== undefined) lines.push(`  at ${printable(formatPlace(error.place))}`);
    const cause = error.cause === undefined ? "" : describeError(error.cause);
    if (!error.message.includes(cause)) lines.push(`  cause: ${printableLines(cause, "    ")}`);
    if (error.hint !== undefined)
      lines.push(`${style.cyan("hint:")} ${printableLines(error.hint)}`);
  } else {
    lines.push(...stacksOf(error), `${style.cyan("hint:")} ${bugHint}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The stack traces of an error and of what caused it, at most four deep. */
function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let link = error; link instanceof Error && stacks.length < 4; link = link.cause) {
    const label = stacks.length === 0 ? "" : "caused by ";
    stacks.push(printableLines(`${label}${link.stack ?? link.message}`, "  "));
  }
  return stacks;
}
