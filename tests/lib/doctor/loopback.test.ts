import { describe, expect, test } from "bun:test";
import { get } from "../../../lib/doctor/loopback.ts";

/** A server that answers every connection with these bytes, or with silence. */
function serve(answer: string | null) {
  return Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        if (answer !== null) socket.end(answer);
      },
    },
  });
}

describe("a GET on 127.0.0.1", () => {
  test("gives status and body", async () => {
    using server = serve("HTTP/1.0 503 Busy\r\nContent-Type: x\r\n\r\n{}\n");
    expect(await get(server.port, "/")).toEqual({ state: "answered", status: 503, body: "{}\n" });
  });

  test("is refused where nobody listens", async () => {
    const server = serve(null);
    const { port } = server;
    server.stop(true);
    expect(await get(port, "/")).toEqual({ state: "refused" });
  });

  test("gives up on a server that accepts and says nothing", async () => {
    using server = serve(null);
    const start = performance.now();
    expect(await get(server.port, "/", 100)).toEqual({ state: "silent" });
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test("believes nothing but HTTP", async () => {
    using server = serve("SSH-2.0-OpenSSH_9.2\r\n");
    expect(await get(server.port, "/")).toEqual({ state: "garbled" });
  });

  test("reads no more than a probe may say", async () => {
    using server = serve(`HTTP/1.0 200 OK\r\n\r\n${"x".repeat(100_000)}`);
    expect(await get(server.port, "/")).toEqual({ state: "garbled" });
  });
});
