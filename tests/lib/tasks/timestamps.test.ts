import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatStamp, microsecondsOf } from "../../../lib/tasks/timestamps.ts";

/** Local, as the timestamps of the workflow tools. */
const noon = new Date(2025, 11, 16, 12, 0, 0);

test("a stamp is local time to the second, without a zone", () => {
  expect(formatStamp(noon)).toBe("2025-12-16T12:00:00");
  expect(formatStamp(new Date(2026, 0, 2, 3, 4, 5, 678))).toBe("2026-01-02T03:04:05");
});

test("a timestamp without a zone is local, and is read in every form", () => {
  const expected = noon.getTime() * 1000;
  for (const text of ["2025-12-16T12:00:00", "2025-12-16 12:00", " 2025-12-16t12:00:00.000000 "]) {
    expect(microsecondsOf(text)).toBe(expected);
  }
  expect(microsecondsOf("2025-12-16")).toBe(new Date(2025, 11, 16).getTime() * 1000);
});

test("a zone is reckoned with", () => {
  const expected = Date.UTC(2025, 11, 16, 12) * 1000;
  for (const text of [
    "2025-12-16T12:00:00Z",
    "2025-12-16T14:30:00+02:30",
    "2025-12-16 07:00-0500",
  ]) {
    expect(microsecondsOf(text)).toBe(expected);
  }
});

test("fractions count down to the microsecond", () => {
  const at = (fraction: string) => microsecondsOf(`2025-12-16T12:00:00${fraction}Z`) ?? 0;
  expect(at(".000001") - at("")).toBe(1);
  expect(at(",5") - at("")).toBe(500_000);
  expect(at(".9999999") - at("")).toBe(999_999);
});

test("what is no moment is none", () => {
  const wrong = [
    ...["", "yesterday", "12:00", "1734345600", "2025-12-16T", "2025-12-16T12", "16.12.2025"],
    ...["2025-13-01", "2025-02-30T00:00:00", "2025-12-16T24:00:00", "2025-12-16T12:60"],
    ...["2025-12-16T12:00:00+25:00", "2025-12-16T12:00:00 CET"],
  ];
  for (const text of wrong)
    expect({ text, time: microsecondsOf(text) }).toEqual({ text, time: null });
});

test("stamps keep the order of the moments that they were made of", () => {
  const years = { min: new Date("1990-01-01"), max: new Date("2090-01-01"), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(years), (date) => {
      const time = microsecondsOf(formatStamp(date)) ?? Number.NaN;
      // The hour that comes twice when a clock is put back is written alike both times.
      return Math.abs(time / 1000 - Math.floor(date.getTime() / 1000) * 1000) <= 3_600_000;
    }),
  );
});
