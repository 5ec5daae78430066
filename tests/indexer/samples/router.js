import { readFile } from "node:fs/promises";
const path = require("path");

const SEPARATOR = "/";

/**
 * One path and what answers it.
 */
export class Route extends Base {
  static methods = ["GET", "HEAD"];

  constructor(path, handler) {
    super();
    this.path = path;
  }

  /** The path as a regular expression. */
  get pattern() {
    return new RegExp(this.path);
  }

  onError = (error) => {
    console.error(error);
  };
}

// Drop a doubled separator.
// And a trailing one.
export default function normalize(path, lower = false) {
  return path.replace(/\/+/g, SEPARATOR);
}

export const serve = async (routes) => {
  for (const route of routes) await route.handler();
};

const helpers = {
  join(left, right) {
    return left + SEPARATOR + right;
  },
  split: function (text) {
    return text.split(SEPARATOR);
  },
};

exports.load = async function (name) {
  return readFile(path.join(__dirname, name));
};

Route.prototype.match = function (text) {
  return this.pattern.test(text);
};

function* walk() {
  yield SEPARATOR;
}
