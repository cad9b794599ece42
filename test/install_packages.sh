#!/bin/sh
# Install the named Debian packages that are missing.
#
#	SUDO=sudo test/install_packages.sh PACKAGE ...
set -eu

missing=
for package in "$@"; do
	status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
	[ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Installing Debian packages, which may take some minutes:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { ${SUDO:-} apt-get update -q && ${SUDO:-} env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log"
	echo "Could not install packages; see above." >&2
	exit 1
fi
