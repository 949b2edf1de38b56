/** What a reader finds in a piece of a page; entities stay as they are. */

/** The contents of every element of a name, none of which is within another. */
export function markupOf(page: string, name: string): string[] {
  const element = new RegExp(`<${name}(?: [^>]*)?>([\\s\\S]*?)</${name}>`, "g");
  return [...page.matchAll(element)].map(([, content = ""]) => content);
}

/** Its words, as one line. */
export function textOf(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** A section of the page, by its id. */
export function sectionOf(page: string, id: string): string {
  const from = page.indexOf(`<section id="${id}"`);
  if (from < 0) throw new Error(`no section ${id}`);
  return page.slice(from, page.indexOf("</section>", from));
}

/** The cells of every row of a table, its head first. */
export function tableOf(page: string, caption: string): string[][] {
  const at = page.indexOf(`<caption>${caption}</caption>`);
  if (at < 0) throw new Error(`no table ${caption}`);
  const table = page.slice(at, page.indexOf("</table>", at));
  return markupOf(table, "tr").map((row) =>
    [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = ""]) => textOf(cell)),
  );
}

/** What a chart says aloud. */
export function pictureOf(page: string, id: string): string {
  const [title = "", desc = ""] = ["title", "desc"].map(
    (part) => new RegExp(`<${part} id="${id}-${part}">([\\s\\S]*?)</${part}>`).exec(page)?.[1],
  );
  return `${title}: ${desc}`;
}
