/**
 * Faults that only show after minutes. `bun test` does not find this file by its name:
 * `bun test ./tests/fault-proxy/faults.long.ts`.
 */
import { slowFaults } from "./faults.ts";
import { testFaults } from "./walk-faults.ts";

testFaults(slowFaults, 300_000);
