/**
 * Starts one program and prints `{code, milliseconds, memory}` of it: `launch.ts PROGRAM [WORD…]`.
 *
 * A process of its own, because Linux counts the memory of the process that starts a program as
 * the program's: started from the bench itself, no peak would be lower than the bench's.
 */

export {};

const started = performance.now();
const child = Bun.spawn(Bun.argv.slice(2), { stdio: ["ignore", "ignore", "inherit"] });
const code = await child.exited;
const milliseconds = performance.now() - started;
console.log(JSON.stringify({ code, milliseconds, memory: child.resourceUsage()?.maxRSS ?? 0 }));
