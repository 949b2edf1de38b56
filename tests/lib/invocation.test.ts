import { expect, test } from "bun:test";
import { siblingCall } from "../../lib/invocation.ts";

test("the last name of a call is replaced, however it was called", () => {
  const calls = [
    ["bun run scripts/migrate.ts", "bun run scripts/rollback.ts"],
    ["bun run /opt/migrate.ts/migrate/migrate.ts", "bun run /opt/migrate.ts/migrate/rollback.ts"],
    ["bun run 'my tools/migrate-sessions.ts'", "bun run 'my tools/rollback.ts'"],
    ["aokit migrate", "aokit rollback"],
    ["'/my tools/aokit' migrate-sessions", "'/my tools/aokit' rollback"],
  ] as const;
  for (const [call, expected] of calls) expect(siblingCall(call, "rollback")).toBe(expected);
});
