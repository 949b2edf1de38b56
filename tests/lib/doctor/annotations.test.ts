import { expect, test } from "bun:test";
import { annotations, githubLog } from "../../../lib/doctor/annotations.ts";
import { checked, report } from "./reports.ts";

const sick = report(
  checked("AO-ST-002", "warn", ["one", "two"]),
  checked("AO-ST-001", "fail", ["::error::<b>"]),
  checked("AO-ST-003", "info", ["a note"]),
  checked("AO-ST-004", "pass"),
);

test("findings become annotations, errors first, in the file that is in the workspace", () => {
  expect(annotations(sick, "/w")).toEqual([
    "::error file=config.yaml,line=3,title=AO-ST-001 title of AO-ST-001::::error::<b>%0A→ mend it",
    "::warning file=config.yaml,line=3,title=AO-ST-002 title of AO-ST-002::one%0Atwo%0A→ mend it",
  ]);
  expect(annotations(sick, "/elsewhere")[0]).toStartWith("::error title=AO-ST-001");
});

test("a fix is named, a long list is cut, a check that crashed is an error", () => {
  const fix = { name: "f", title: "Mend", safe: true, command: "repair f" };
  const many = Array.from({ length: 25 }, (_, at) => `finding ${at}`);
  const [line = ""] = annotations(
    report({ ...checked("AO-ST-001", "warn", many), fix }, checked("AO-ST-002", "pass")),
    "/w",
  );
  expect(line).toContain("%0Afinding 19%0A→ mend it%0A… and 5 more%0Amend: repair f");
  expect(annotations(report(checked("AO-ST-003", "crash")), "/w")).toEqual([
    "::error title=AO-ST-003 title of AO-ST-003::The check itself failed: so it is",
  ]);
});

test("the log has the report folded, then the annotations, then the numbers", () => {
  const forms = { json: () => sick, text: () => "Storage\n  ::error::x\n\nNot healthy: 1\n" };
  const lines = githubLog(forms, "/w", "t0k").split("\n");
  expect(lines.slice(0, 3)).toEqual(["::group::AO doctor", "::stop-commands::t0k", "Storage"]);
  expect(lines.indexOf("  ::error::x")).toBeLessThan(lines.indexOf("::t0k::"));
  expect(lines.slice(-4, -3)).toEqual(["::endgroup::"]);
  expect(lines.at(-1)).toBe("Not healthy: 1");
});
