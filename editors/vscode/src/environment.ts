// A virtual environment with the server in it. No VS Code here, so that tests can make one.

import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";

/** The oldest Python that runs the server. */
export const OLDEST_PYTHON = [3, 11] as const;

const COMPLETE = "complete"; // the file that says that nothing is missing

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  /** Called with each line that the program writes, to standard error too. */
  onLine?: (line: string) => void;
}

/** Run a program to its end; what it wrote. Rejects with its last lines when it fails. */
export async function run(command: string, args: string[], options: RunOptions = {}) {
  const { env, signal, onLine } = options;
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
    ...(env && { env }),
    ...(signal && { signal }),
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      onLine?.(line);
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) {
    throw new Error(lines.slice(-5).join("\n") || `${command} ended with exit code ${code}.`);
  }
  return lines.join("\n");
}

/** Path of a program that an environment has. */
export function programIn(folder: string, name: string, platform = process.platform): string {
  const parts = platform === "win32" ? ["Scripts", `${name}.exe`] : ["bin", name];
  return path.join(folder, ...parts);
}

/** Whether an environment was completely made. */
export async function isComplete(folder: string): Promise<boolean> {
  return exists(path.join(folder, COMPLETE), constants.R_OK);
}

/** Make an environment and install a wheel into it, with all that it needs. */
export async function makeEnvironment(
  python: string,
  folder: string,
  wheel: string,
  options: RunOptions,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  try {
    await run(python, ["-I", "-m", "venv", folder], options);
    const pip = ["-I", "-u", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
    await run(programIn(folder, "python"), [...pip, wheel], options);
    await writeFile(path.join(folder, COMPLETE), "");
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** An environment for programs without what would have Python take modules from elsewhere. */
export function withoutPython(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PYTHONPATH, PYTHONHOME, ...rest } = environment;
  return rest;
}

/** The first Python that is new enough, as a command; undefined when there is none. */
export async function findPython(chosen: string): Promise<string | undefined> {
  for (const command of chosen ? [chosen] : pythonNames(process.platform)) {
    try {
      const script = "import sys; print(sys.executable, *sys.version_info[:2], sep='\\n')";
      const [executable, major, minor] = (await run(command, ["-I", "-c", script])).split("\n");
      if (executable && isNewEnough(Number(major), Number(minor))) return executable;
    } catch {
      // Not there, or no Python: the next one may be.
    }
  }
  return undefined;
}

/** Commands that may be Python, best first. */
export function pythonNames(platform: NodeJS.Platform): string[] {
  if (platform === "win32") return ["python", "py", "python3"];
  return ["python3", "python3.13", "python3.12", "python3.11", "python"];
}

export function isNewEnough(major: number, minor: number): boolean {
  const [oldestMajor, oldestMinor] = OLDEST_PYTHON;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** A program's path in the folders of a `PATH`, of which relative ones do not count. */
export async function which(
  name: string,
  searchPath: string,
  platform = process.platform,
): Promise<string | undefined> {
  const file = platform === "win32" ? `${name}.exe` : name;
  for (const folder of searchPath.split(path.delimiter)) {
    const candidate = path.join(folder, file);
    if (path.isAbsolute(folder) && (await exists(candidate, constants.X_OK))) return candidate;
  }
  return undefined;
}

async function exists(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

/** A failure of pip's as a user can mend it, where that is known; else as pip has it. */
export function explained(failure: string): string {
  if (/fail.*build.*hnswlib/is.test(failure)) {
    return "its library hnswlib could not be compiled. Install a C++ compiler: see the log.";
  }
  if (/no matching distribution|name resolution|connection/i.test(failure)) {
    return "the Python package index could not be reached, or lacks a library: see the log.";
  }
  return failure;
}

/** What a line of pip's says in short; undefined for what is not worth showing. */
export function pipStep(line: string): string | undefined {
  const step = /^\s*(Collecting|Downloading|Building wheel for) ([\w.-]+)/.exec(line);
  if (step) return `${step[1]} ${step[2]}`;
  return line.startsWith("Installing collected packages") ? "Installing packages" : undefined;
}
