// What the server says in its own notifications, requests and commands.

/** The notification `bowerbird/status`. */
export interface Status {
  state: "indexing" | "loading" | "ready";
  /** Name of the model in use; "index" when suggestions come from the index alone. */
  model: string;
  indexedFiles: number;
  lastLatencyMs: number | null;
}

/** The notification `bowerbird/better`: where asking again brings a better suggestion. */
export interface Better {
  textDocument: { uri: string };
  position: { line: number; character: number };
}

/** The answer of the command `bowerbird.status`. */
export interface FullStatus extends Status {
  folders: {
    root: string;
    files: number;
    snippets: number;
    bytesOnDisk: number;
    languages: Record<string, number>;
    skipped: number;
  }[];
  suggestions: {
    requests: number;
    shown: number;
    accepted: number;
    medianLatencyMs: number | null;
  };
}

/** One of the answer of the command `bowerbird.models`. */
export interface Model {
  name: string;
  description: string;
  licence: string;
  downloadBytes: number;
  installed: boolean;
}

/** Where a suggestion came from: the second argument of the command that accepts it. */
export interface Suggestion {
  id: string;
  model: string;
  confidence: number;
  latencyMs: number;
  sources: Source[];
}

/** A snippet that a suggestion was built from; its lines count from zero, the last included. */
export interface Source {
  path: string;
  uri: string | null;
  name: string;
  startLine: number;
  endLine: number;
  score: number;
}
