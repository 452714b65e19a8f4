#!/usr/bin/env bash
# Install what the tests talk to from npm: dcmjs-dimse, and OHIF's built viewer. Without node says what is missing.
set -eu
bin=$(cd "$1" && pwd)
export PATH="$bin/node-tools:$PATH"
if ! command -v npm >/dev/null 2>&1; then
  echo "no node: tests with dcmjs-dimse and OHIF will be skipped" >&2
  exit 0
fi
cd "$(dirname "$0")/../tests/peers"
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
# OHIF's package brings its viewer built; what it names as dependencies is only needed to build it again.
ohif=3.13.2
digest=WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==
folder=node_modules/@ohif/app
archive=$(npm pack --silent --pack-destination node_modules "@ohif/app@$ohif")
found=$(openssl dgst -sha512 -binary "node_modules/$archive" | base64 -w0)
if [ "$found" != "$digest" ]; then
  echo "@ohif/app $ohif is not what it was: $found" >&2
  exit 1
fi
mkdir -p "$folder"
tar -xzf "node_modules/$archive" -C "$folder" --strip-components=1 --exclude='*.map' --exclude='package/dist/ort'
rm "node_modules/$archive"
