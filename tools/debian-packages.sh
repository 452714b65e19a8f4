#!/usr/bin/env bash
# Install what the tests talk to: PostgreSQL, DCMTK, dicom3tools, PixelMed, Orthanc, Chromium, poppler. Needs root; without it, says what is missing.
set -eu
packages=()
need() { command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || packages+=("$2"); }
need dcm2pnm dcmtk
need dcentvfy dicom3tools
need /usr/bin/chromium chromium
need pdftoppm poppler-utils
need fc-list fontconfig
need /usr/sbin/Orthanc orthanc
need java default-jre-headless
need /usr/share/java/pixelmed.jar libpixelmed-java
need /usr/share/orthanc/plugins/libOrthancDicomWeb.so orthanc-dicomweb
# gvxr, the peer of the simulator, draws without a screen through EGL
for library in libegl1 libgl1-mesa-dri libxcb-res0 libxcb-ewmh2 libxcb-composite0 libxcb-xinerama0 libxcb-keysyms1 libxcb-icccm4; do
  dpkg -s "$library" >/dev/null 2>&1 || packages+=("$library")
done
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
[ ${#packages[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "not root: tests that need ${packages[*]} will be skipped; install them with: apt-get install ${packages[*]}" >&2
  exit 0
fi
# RUNLEVEL=1: a package that brings a server must not start it
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${packages[@]}" fonts-dejavu-core >/dev/null
