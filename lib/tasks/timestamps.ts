/**
 * Timestamps as the workflow tools write them: ISO 8601, mostly without a zone.
 *
 * One without a zone means local time. The tools stamp sessions and logs with the clock on the
 * wall, and whatever is written beside theirs has to be comparable with it.
 */

/** `2025-12-16T12:00:00`, local time to the second. */
export function formatStamp(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date}T${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}

const day = String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<date>\d\d)`;
const clock = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?`;
const zone = String.raw`(?<zone>[Zz]|(?<sign>[+-])(?<zoneHour>\d\d):?(?<zoneMinute>\d\d)?)`;
const stamp = new RegExp(`^${day}(?:(?:[Tt]|[ \\t]+)${clock}(?:[ \\t]*${zone})?)?$`);

/**
 * Microseconds since 1970, for putting timestamps in order; null for what is no timestamp.
 *
 * @param text a date, or a date and a time to the minute or finer, with or without a zone
 */
export function microsecondsOf(text: string): number | null {
  const parts = stamp.exec(text.trim())?.groups;
  if (parts === undefined) return null;
  const part = (name: string) => Number(parts[name] ?? 0);
  const fields = [part("year"), part("month") - 1, part("date")] as const;
  const times = [part("hour"), part("minute"), part("second")] as const;
  const utc = Date.UTC(...fields, ...times);
  // A day or an hour that does not exist would be counted into the next one.
  const same = new Date(utc).toISOString().slice(0, 19);
  const [year = "", month = "", date = ""] = [parts.year, parts.month, parts.date];
  const written = `${year}-${month}-${date}T${times.map((time) => String(time).padStart(2, "0")).join(":")}`;
  if (same !== written || part("zoneHour") > 23 || part("zoneMinute") > 59) return null;
  const offset = (part("zoneHour") * 60 + part("zoneMinute")) * (parts.sign === "-" ? -1 : 1);
  const zoned = parts.zone !== undefined;
  const milliseconds = zoned ? utc - offset * 60_000 : new Date(...fields, ...times).getTime();
  return milliseconds * 1000 + Number((parts.fraction ?? "").padEnd(6, "0").slice(0, 6));
}
