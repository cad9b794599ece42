#!/bin/sh
# Create the root folder of a Debian release with some packages, for building and testing.
#
#	test/majors/debian_root.sh ROOT SUITE [PACKAGE ...]
#
# Without packages, it contains only what every Debian system has. Run as root. An existing ROOT is taken to be complete.
# Uses the archive and keys of this system's apt.
set -eu

root=$1
suite=$2
shift 2
[ ! -d "$root" ] || exit 0

build=$root.part
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | head -n 1)

rm -rf "$build"
debootstrap --variant=minbase "$suite" "$build" "$archive" >&2

# Do not start services or create a cluster in it.
echo '127.0.0.1 localhost' >"$build/etc/hosts"
printf '#!/bin/sh\nexit 101\n' >"$build/usr/sbin/policy-rc.d"
chmod +x "$build/usr/sbin/policy-rc.d"
mkdir -p "$build/etc/postgresql-common"
echo 'create_main_cluster = false' >"$build/etc/postgresql-common/createcluster.conf"
cp /etc/resolv.conf "$build/etc/"

in_root="$(dirname "$0")/in_root.sh"
if [ $# -gt 0 ]; then
	# A mirror may be older than the period for which sid's index is valid.
	"$in_root" "$build" apt-get -o Acquire::Check-Valid-Until=false update -q
	"$in_root" "$build" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends "$@"
fi
"$in_root" "$build" apt-get clean
mv "$build" "$root"
