/** A terminal that only remembers: what a program wrote becomes rows of styled text. */

/** Text of one style. */
export interface Run {
  /** Columns from the left. */
  column: number;
  text: string;
  /** Names of what is switched on, in order: `bold`, `dim`, `green`. */
  style: string;
}

/** One row, without the blanks at its end. */
export type Row = readonly Run[];

interface Cell {
  char: string;
  style: string;
}

const switches: Readonly<Record<number, readonly [on: string | null, group: string]>> = {
  1: ["bold", "weight"],
  2: ["dim", "weight"],
  22: [null, "weight"],
  31: ["red", "color"],
  32: ["green", "color"],
  33: ["yellow", "color"],
  36: ["cyan", "color"],
  90: ["dim", "color"],
  39: [null, "color"],
};

// Control sequences, single controls, and everything between them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal reads
const pieces = /\x1b\[(\??[\d;]*)([A-Za-z])|[\r\n\b]|[^\x1b\r\n\b]+/g;

/** Keeps every row ever written; the cursor moves relatively, as line-wise programs move it. */
export class Terminal {
  /** Where the next character goes. */
  row = 0;
  column = 0;
  readonly #rows: Cell[][] = [];
  readonly #style = new Map<string, string>();

  constructor(readonly columns: number) {}

  /** Everything written so far. */
  rows(): Row[] {
    return Array.from(this.#rows, (cells) => runsOf(cells ?? []));
  }

  /** @throws Error for a sequence that it does not know, so that nothing is lost in silence */
  write(text: string): void {
    for (const [piece, parameters, final] of text.matchAll(pieces)) {
      if (final !== undefined) this.#control(final, parameters ?? "");
      else if (piece === "\r") this.column = 0;
      else if (piece === "\n") this.row += 1;
      else if (piece === "\b") this.column = Math.max(0, this.column - 1);
      else for (const char of piece) this.#put(char);
    }
  }

  #put(char: string): void {
    if (this.column === this.columns) {
      this.column = 0;
      this.row += 1;
    }
    const cells = this.#cells();
    while (cells.length < this.column) cells.push({ char: " ", style: "" });
    cells[this.column] = { char, style: [...this.#style.values()].sort().join(" ") };
    this.column += 1;
  }

  #cells(): Cell[] {
    for (let row = this.#rows.length; row <= this.row; row += 1) this.#rows.push([]);
    return this.#rows[this.row] ?? [];
  }

  #control(final: string, parameters: string): void {
    const count = Number(parameters) || 1;
    if (final === "A") this.row = Math.max(0, this.row - count);
    else if (final === "B") this.row += count;
    else if (final === "C") this.column = Math.min(this.columns, this.column + count);
    else if (final === "D") this.column = Math.max(0, this.column - count);
    else if (final === "G") this.column = count - 1;
    else if (final === "J" && parameters === "") this.#erase(true);
    else if (final === "K" && parameters === "") this.#erase(false);
    else if (final === "m") for (const code of parameters.split(";")) this.#switch(Number(code));
    // Whether the cursor is shown changes nothing here.
    else if (!/^\?25[hl]$/.test(parameters + final)) {
      throw new Error(`unknown control sequence: ESC[${parameters}${final}`);
    }
  }

  /** From the cursor to the end of its row, or of everything. */
  #erase(below: boolean): void {
    this.#cells().length = Math.min(this.#cells().length, this.column);
    if (below) this.#rows.length = this.row + 1;
  }

  #switch(code: number): void {
    const found = switches[code];
    if (code === 0) this.#style.clear();
    else if (found === undefined) throw new Error(`unknown colour: ESC[${code}m`);
    else if (found[0] === null) this.#style.delete(found[1]);
    else this.#style.set(found[1], found[0]);
  }
}

function runsOf(cells: readonly Cell[]): Run[] {
  const runs: Run[] = [];
  for (const [column, { char, style }] of cells.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && last.style === style) last.text += char;
    else runs.push({ column, text: char, style });
  }
  return runs.map((run) => ({ ...run, text: run.text.trimEnd() })).filter((run) => run.text !== "");
}
