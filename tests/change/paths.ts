/** `dirname` and `basename` of plain absolute paths, for inner loops where those of Node count. */

export function dirname(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
