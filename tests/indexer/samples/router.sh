#!/usr/bin/env bash
# Match request paths to handlers.
set -euo pipefail

source ./handler.sh
. ./more.sh

SEPARATOR="/"

# Drop a trailing separator.
normalize() {
  local path="$1"
  echo "${path%/}"
}

function serve {
  while read -r path; do
    normalize "$path"
  done
}

serve "$@"
