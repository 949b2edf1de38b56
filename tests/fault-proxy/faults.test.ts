/** Every named fault of a real AO turns exactly the documented steps red. */
import { faults } from "./faults.ts";
import { testFaults } from "./walk-faults.ts";

testFaults(faults, 60_000);
