/** Something to know about a file, and where in it. */

import type { Place } from "../errors.ts";

export interface Remark {
  place: Place;
  message: string;
}

export function remark(place: Place, message: string): Remark {
  return { place, message };
}
