/** What tests need of Markdown: fenced blocks, links, and the anchors that links lead to. */

/** A fenced block. */
export interface Fence {
  /** What stands behind the opening backticks: a language, and more. */
  words: string[];
  text: string;
}

/** The fenced blocks of a page, in their order. */
export function fencesIn(page: string): Fence[] {
  const fences = page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm);
  return [...fences].map(([, words = "", text = ""]) => ({ words: words.split(" "), text }));
}

/** A command line that a page shows, and the heading that it stands under. */
export interface ShownCommand {
  heading: string;
  line: string;
}

/** The lines of the `sh` blocks, without comments; joined by `&&`, each part is one. */
export function commandsIn(page: string): ShownCommand[] {
  let heading = "";
  return [...page.matchAll(/^#+ (.*)$|^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, title, text]) => {
    if (title !== undefined) heading = title;
    const lines = (text ?? "").split("\n").map((line) => line.replace(/(^|\s+)#.*$/, ""));
    const parts = lines.flatMap((line) => line.split(" && "));
    return parts.filter((line) => line !== "").map((line) => ({ heading, line }));
  });
}

/** The page with fenced blocks and code taken out, so that nothing in them looks like a link. */
function prose(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "`code`");
}

/** Where links and pictures of a page lead, as written. */
export function linksIn(page: string): string[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The names that a link can end with after `#`: its headings, as GitHub writes them. */
export function anchorsIn(page: string): Set<string> {
  const headings = page.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm);
  const names = [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(names);
}
