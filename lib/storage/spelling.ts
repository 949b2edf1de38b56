/** Two spellings of a path: as AO was told it, and with links resolved, as git and agents have it. */

import { isInside } from "../paths.ts";
import type { Inventory } from "./inventory.ts";

/** The path with the links of its place resolved. */
export function realOf(path: string, realPlaces: Inventory["realPlaces"]): string {
  if (realPlaces === undefined) return path;
  const place = Object.entries(realPlaces).find(([each]) => isInside(path, each));
  return place === undefined ? path : place[1] + path.slice(place[0].length);
}

/** The path as it is below AO's places. */
export function spelledOf(path: string, realPlaces: Inventory["realPlaces"]): string {
  // Asked for every path of every session, and few disks have a place that is a link.
  if (realPlaces === undefined) return path;
  const place = Object.entries(realPlaces).find(([, real]) => isInside(path, real));
  return place === undefined ? path : place[0] + path.slice(place[1].length);
}
