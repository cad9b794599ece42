#!/bin/sh
# Start the database's instance for real, in root folders made by debootstrap.
#
#	glue/deploy/checks/database_start.sh [TEST ...]
#
# Run as root, after make. build/deploy caches the root folder and the package set; remove a
# folder there to make it again. The tests run in a network namespace of their own, where
# the metadata service and AWS's endpoints are stand-ins at their real addresses and names.
set -eu

root=$(cd "$(dirname "$0")/../../.." && pwd)
cache=$root/build/deploy
environment=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}
if [ "$(id -u)" -ne 0 ]; then
	echo "Creating and entering root folders requires root; try: sudo $0 $*" >&2
	exit 1
fi

mkdir -p "$cache"
# What the scripts use of Debian's machine image for EC2.
"$root/test/majors/debian_root.sh" "$cache/bookworm" bookworm \
	awscli ca-certificates e2fsprogs python3 systemd udev >"$cache/bookworm.log" 2>&1 || {
	cat "$cache/bookworm.log"
	exit 1
}
"$root/glue/deploy/database/make_packages.py" --output "$cache/packages" --json >"$cache/packages.json"

export ONBOARD_BIN="${ONBOARD_BIN:-$root/glue/onboard}" ONBOARD_BOOTSTRAP="${ONBOARD_BOOTSTRAP:-$root/glue/bootstrap}"
exec unshare --net --mount --propagation private \
	"$environment/bin/python" "$root/glue/deploy/checks/test_database_start.py" "$@"
