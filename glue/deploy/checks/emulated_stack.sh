#!/bin/sh
# Create the pipeline's stack in an emulator, send files of three vendors through it, and delete it.
#
#	glue/deploy/checks/emulated_stack.sh
#
# Run as root, after make. The functions run in the image that make image makes. Everything
# runs as an unprivileged user in a network namespace of its own: the emulator listens on all
# addresses, and nothing can call AWS.
#
# Prints TAP.
set -eu

root=$(cd "$(dirname "$0")/../../.." && pwd)
if [ "$(id -u)" -ne 0 ]; then
	echo "A network namespace requires root; try: sudo $0" >&2
	exit 1
fi
. "$root/test/environment.sh"
. "$root/glue/deploy/checks/environment.sh"
"$root/test/install_packages.sh" bubblewrap iproute2 skopeo >&2
make -s -C "$root" image >&2

work=$(mktemp -d /tmp/onboard-stack.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
"$root/test/temp_install.sh" "$work/pg" >/dev/null
/usr/bin/python3 -B "$root/test/aws/image_root.py" unpack "$root/build/image/oci" "$work/image" >/dev/null
cp -r "$root/build/image/oci" "$work/oci"
mkdir "$work/tmp"
chown -R postgres:postgres "$work"

unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
	setpriv --reuid=postgres --regid=postgres --clear-groups \
	env HOME="$work/tmp" TMPDIR="$work/tmp" PATH="$work/pg/bin:$PATH" ONBOARD_PG_BINDIR="$work/pg/bin" \
	ONBOARD_BOOTSTRAP="$work/image/bootstrap" ONBOARD_IMAGE="$work/oci" \
	"$environment/bin/python" "$root/test/aws/tests/run.py" "$root/glue/deploy/checks/test_emulated_stack.py"
