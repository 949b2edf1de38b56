import { expect, test } from "bun:test";
import { Decisions } from "../../../lib/storage/decisions.ts";

const question = {
  key: "identity:app",
  question: "Whose is it?",
  choices: [
    { value: "leave", label: "left alone" },
    { value: "app_0123456789", label: "of app" },
  ],
  default: "leave",
};

test("a decision is answered by the user, or else by its default, and says which", () => {
  const asked = (...answers: [string, string][]) => {
    const decisions = new Decisions(new Map(answers));
    return [decisions.ask(question), decisions.list];
  };
  expect(asked()).toEqual(["leave", [{ ...question, chosen: "leave", decidedBy: "default" }]]);
  expect(asked(["identity:app", "leave"])).toEqual([
    "leave",
    [{ ...question, chosen: "leave", decidedBy: "user" }],
  ]);
  const chosen = "app_0123456789";
  expect(asked(["identity:app", chosen])).toEqual([
    chosen,
    [{ ...question, chosen, decidedBy: "user" }],
  ]);
});

test("an answer that is no choice is a wrong use, and the choices are named", () => {
  const decisions = new Decisions(new Map([["identity:app", "web"]]));
  expect(() => decisions.ask(question)).toThrow(
    expect.objectContaining({
      outcome: "usage",
      message: expect.stringMatching(/"identity:app": "web"/),
      hint: expect.stringContaining("leave, app_0123456789"),
    }),
  );
  expect(decisions.list).toEqual([]);
});

test("answers that nothing asked for are told", () => {
  const decisions = new Decisions(
    new Map([
      ["identity:app", "leave"],
      ["identity:ap", "leave"],
    ]),
  );
  expect(decisions.unused()).toEqual(["identity:app", "identity:ap"]);
  decisions.ask(question);
  expect(decisions.unused()).toEqual(["identity:ap"]);
});
