#!/bin/sh
# Create the root folder of a Debian release, with its PostgreSQL for building and testing.
#
#	test/majors/debian_root.sh ROOT SUITE [MAJOR]
#
# Without MAJOR, it has only what every Debian system has. Run as root. If ROOT exists, it is complete. Uses the archive and keys of this system's apt.
set -eu

root=$1
suite=$2
major=${3:-}
[ ! -d "$root" ] || exit 0

build=$root.part
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' | head -n 1)
packages="make gcc libc6-dev postgresql-$major postgresql-server-dev-$major postgresql-$major-pgtap
	libpq-dev libcsv-dev libcjson-dev libssl-dev libcurl4-openssl-dev
	patch perl libipc-run-perl libio-pty-perl libtap-parser-sourcehandler-pgtap-perl
	openssl python3 python3-psycopg2"

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
if [ -n "$major" ]; then
	"$in_root" "$build" apt-get update -q
	# shellcheck disable=SC2086
	"$in_root" "$build" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $packages
fi
"$in_root" "$build" apt-get clean
mv "$build" "$root"
