/** One HTTP request, and its answer held against the daemon's own OpenAPI document. */
import { askHttp } from "../http.ts";
import type { ActionOf } from "../schema.ts";
import type { ActionType } from "./action.ts";

export const http: ActionType<"http"> = {
  title: (action) => {
    const { method, path } = parts(action);
    const verb = method === "GET" ? "" : `-X ${method} `;
    const headers = Object.entries(action.headers ?? {}).map(
      ([key, value]) => `-H '${key}: ${value}' `,
    );
    const body = bodyOf(action);
    const data =
      body === undefined ? "" : ` -d '${body.length > 200 ? `${body.slice(0, 197)}...` : body}'`;
    return `curl -si ${verb}${headers.join("")}"$U${path}"${data}`;
  },
  async observe(action, { world, timeout }) {
    const { method, path } = parts(action);
    const body = bodyOf(action);
    const answer = await askHttp({
      port: world.sandbox.port,
      method,
      path,
      timeout,
      headers: action.headers ?? {},
      ...(body === undefined ? {} : { body }),
    });
    const openapi =
      action.openapi === false ? undefined : world.openapi?.check({ method, path, ...answer });
    return openapi === undefined ? answer : { ...answer, openapi };
  },
};

function parts(action: ActionOf<"http">): { method: string; path: string } {
  const [method = "GET", path = "/"] = action.http.split(" ");
  return { method, path };
}

function bodyOf(action: ActionOf<"http">): string | undefined {
  return action.json === undefined ? action.body : JSON.stringify(action.json);
}
