/**
 * What a plan needs of the disk, measured: bytes on every device that it writes to, when it is
 * carried out in place, and when a copy is brought to the new layout and then switched to.
 *
 * The copy goes through the same operations, so it needs what they need and the copy besides. That
 * is why it never fits where in-place does not, and why in-place is picked wherever it fits.
 */

import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  statfsSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type Operation, subjectOf, touchedBy } from "../../change/operation.ts";
import { formatBytes } from "../../text.ts";

/** How the disk is looked at; tests look at one that there is none of. */
export interface DiskLook {
  /** Bytes of a file or a whole directory; 0 where nothing is. */
  bytes(path: string): number;
  /** Device of the path, or of the nearest directory above it that exists. */
  device(path: string): number;
  exists(path: string): boolean;
  /** Bytes free there; null when nobody can say. */
  free(path: string): number | null;
  /** Whether that existing place may be written to. */
  writable(path: string): boolean;
}

/** One device that would be written to. */
export interface DeviceFacts {
  /** The first place there that a plan writes to. */
  place: string;
  free: number | null;
  isWritable: boolean;
  /** Bytes needed in place, and by copy-then-switch. */
  inPlace: number;
  copy: number;
}

export interface DiskFacts {
  /** The directory that holds the state, and its bytes. */
  place: string;
  bytes: number;
  /** That of the state first. */
  devices: DeviceFacts[];
}

/** A file takes whole blocks. */
const block = 4096;
/** A line of plan and one of journal, besides what the operation itself holds. */
const lineBytes = 300;

/** @param state the directory that holds the state, and the bytes in it */
export function measure(
  operations: readonly Operation[],
  state: { place: string; bytes: number },
  look: DiskLook = realLook,
): DiskFacts {
  const devices = new Map<number, DeviceFacts>();
  const at = (path: string): DeviceFacts => {
    const device = look.device(path);
    const known = devices.get(device);
    if (known !== undefined) return known;
    const place = existing(path, look);
    const found = {
      place,
      ...{ free: look.free(place), isWritable: look.writable(place), inPlace: 0, copy: 0 },
    };
    devices.set(device, found);
    return found;
  };
  const records = at(state.place);
  const origins = new Origins();
  for (const operation of operations) {
    records.inPlace += lineBytes + 2 * JSON.stringify(operation).length;
    const target = operation.op === "move" ? operation.to : subjectOf(operation);
    if (operation.op !== "renameTmux") at(target).inPlace += written(operation, origins, look);
    if (operation.op === "move") origins.add(operation);
  }
  for (const device of devices.values()) device.copy = device.inPlace;
  records.copy += state.bytes;
  return { ...state, devices: [...devices.values()] };
}

/** Bytes that an operation writes beside what it replaces, which stays for the way back. */
function written(operation: Operation, origins: Origins, look: DiskLook): number {
  const blocks = (bytes: number) => Math.ceil(bytes / block) * block;
  switch (operation.op) {
    case "create":
      return blocks(operation.content.length);
    case "makeDir":
      return block;
    case "patchJson":
    case "patchYaml":
    case "relinkWorktree": {
      const sizes = touchedBy(operation).writes.map((path) => look.bytes(origins.of(path)));
      return sizes.reduce((sum, bytes) => sum + blocks(bytes), 0);
    }
    case "move": {
      const from = origins.of(operation.from);
      // Within a device it is a new name for the same bytes.
      if (look.device(from) === look.device(operation.to)) return 0;
      return blocks(look.bytes(from));
    }
    default:
      return 0;
  }
}

/** Where the things stand today that the operations before have moved. */
class Origins {
  readonly #from = new Map<string, string>();

  add({ from, to }: { from: string; to: string }): void {
    this.#from.set(to, this.of(from));
  }

  of(path: string): string {
    for (let dir = path; dir !== dirname(dir); dir = dirname(dir)) {
      const from = this.#from.get(dir);
      if (from !== undefined) return from + path.slice(dir.length);
    }
    return path;
  }
}

function existing(path: string, look: DiskLook): string {
  let place = path;
  while (place !== dirname(place) && !look.exists(place)) place = dirname(place);
  return place;
}

/** Why in-place cannot be carried out on this disk now, one line a device; empty when it can. */
export function obstacles({ devices }: DiskFacts): string[] {
  return devices.flatMap(({ place, free, isWritable, inPlace }) => {
    if (!isWritable) return [`${place} cannot be written to`];
    if (free === null || free >= inPlace) return [];
    return [`${formatBytes(inPlace)} are needed at ${place}, ${formatBytes(free)} are free`];
  });
}

export const realLook: DiskLook = {
  bytes: treeBytes,
  device: deviceOf,
  exists: existsSync,
  free(path) {
    try {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    } catch {
      return null;
    }
  },
  writable(path) {
    try {
      accessSync(path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
};

function deviceOf(path: string): number {
  for (let dir = path; ; dir = dirname(dir)) {
    // A link counts for where it leads: that is what is written to.
    const stat = statSync(dir, { throwIfNoEntry: false });
    if (stat !== undefined) return stat.dev;
    if (dir === dirname(dir)) return -1;
  }
}

/** Bytes of a file or of all that is in a directory. */
export function treeBytes(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  let bytes = stat.size;
  try {
    for (const name of readdirSync(path)) bytes += treeBytes(join(path, name));
  } catch {
    // What cannot be read cannot be moved either; the engine says so.
  }
  return bytes;
}
