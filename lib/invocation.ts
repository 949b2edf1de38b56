/** Commands of our other scripts, called in the same way as the one that runs. */

/**
 * The call of a script that stands beside the running one.
 *
 * @param invocation how the running one was called: `bun run scripts/doctor.ts`, `aokit doctor`
 *
 * @example
 * ```ts
 * siblingCall("bun run 'my tools/migrate.ts'", "rollback"); // "bun run 'my tools/rollback.ts'"
 * ```
 */
export function siblingCall(invocation: string, script: string): string {
  // Only the last name: directories may be called alike.
  return invocation.replace(/[\w-]+(?=(?:\.ts)?'?$)/, script);
}
