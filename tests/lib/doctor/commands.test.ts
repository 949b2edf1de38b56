import { describe, expect, test } from "bun:test";
import { quoted } from "../../../lib/doctor/shell.ts";
import { commandMaker } from "../../../lib/invocation.ts";
import { printable } from "../../../lib/text.ts";

describe("a command", () => {
  test("is of the script that is meant, beside the one that runs", () => {
    const command = commandMaker("bun run /opt/doctor.ts/scripts/doctor.ts", {});
    expect(command("repair", "locks")).toBe("bun run /opt/doctor.ts/scripts/repair.ts locks");
  });

  test("keeps the quotes of a path that needs them", () => {
    const command = commandMaker("bun run '/my tools/scripts/repair.ts'", {});
    expect(command("rollback", "x-1")).toBe("bun run '/my tools/scripts/rollback.ts' x-1");
  });

  test("names the disk that the running script was told to look at", () => {
    const command = commandMaker("bun run scripts/doctor.ts", {
      home: "/my home",
      config: "/c.yaml",
    });
    expect(command("repair", "locks")).toBe(
      "bun run scripts/repair.ts locks --home '/my home' --config /c.yaml",
    );
  });
});

describe("a quoted word", () => {
  const shells = ["bash", "zsh"].flatMap((name) => Bun.which(name) ?? []);
  const words = ["plain-1.json", "it's", "a b", "$(rm -rf /)", "", "`x`", "ü", "=int-1", "~"];
  const unseen = ["new\nline", "a\x1b[31m", "it's\\n\t1", "\u202eright", "7\x0108"];

  test.each([...words, ...unseen])("%p is read by a shell as it is, and shown as it is", (word) => {
    expect(printable(quoted(word))).toBe(quoted(word));
    for (const shell of shells) {
      const { stdout } = Bun.spawnSync([shell, "-c", `printf %s ${quoted(word)}`]);
      expect(stdout.toString()).toBe(word);
    }
  });
});
