import type { Handler } from "./handler";

/** What can answer. */
export interface Answerer {
  answer(request: Request): Promise<Response>;
}

export type Method = "GET" | "HEAD";

export enum Status {
  Ok = 200,
  Missing = 404,
}

@injectable()
export abstract class Route<T> implements Answerer {
  private readonly path: string;

  constructor(path: string, private handler: Handler) {
    this.path = path;
  }

  /** Answer one request. */
  async answer(request: Request): Promise<Response> {
    return this.handler(request);
  }

  abstract close(): void;
}

// Drop a doubled separator.
export function normalize(path: string, lower = false): string {
  return path.replace(/\/+/g, "/");
}

export const serve = async (routes: Route<unknown>[]): Promise<void> => {
  await Promise.all(routes.map((route) => route.close()));
};

namespace Paths {
  export function join(left: string, right: string): string {
    return left + "/" + right;
  }
}

declare function external(name: string): void;
