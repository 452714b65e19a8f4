#!/usr/bin/env bash
# Install what the tests talk to: PostgreSQL, DCMTK, dicom3tools, Chromium, poppler. Needs root; without it, says what is missing.
set -eu
packages=()
need() { command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || packages+=("$2"); }
need dcm2pnm dcmtk
need dcentvfy dicom3tools
need /usr/bin/chromium chromium
need pdftoppm poppler-utils
need fc-list fontconfig
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
[ ${#packages[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "not root: tests that need ${packages[*]} will be skipped; install them with: apt-get install ${packages[*]}" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}" fonts-dejavu-core >/dev/null
