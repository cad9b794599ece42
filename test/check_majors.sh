#!/bin/sh
# Build the extension for other major versions of PostgreSQL and run the tests there.
#
#	test/check_majors.sh [SERVER ...]
#
# The servers:
#
#	15		this system's own
#	15-assertions	the same from its source package, with assertions
#	16		of a Python package, without ICU, OpenSSL and contrib modules
#	17		of Debian trixie, in a root folder of its own
#	18		of Debian sid, likewise
#
# What is fetched and built is kept in build/majors, so that the next run is quick:
# remove a folder there to rebuild it.  The logs are there, too.  Run as root, which
# the root folders need; servers and tests run as the user postgres.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cache=$root/build/majors
all_servers='15 15-assertions 16 17 18'
steps='regress isolation pgtap tap'
servers=${*:-$all_servers}
for server in $servers; do
	case " $all_servers " in
		*" $server "*) ;;
		*) echo "There is no server \"$server\"; there are: $all_servers." >&2; exit 2 ;;
	esac
done
if [ "$(id -u)" -ne 0 ]; then
	echo "Root folders are made and entered as root; try: sudo $0 $*" >&2
	exit 1
fi
mkdir -p "$cache"
work=$(mktemp -d /tmp/onboard-majors.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The services that stand in for AWS run only here, where their environment fits.
ONBOARD_TEST_ENVIRONMENT=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}
export ONBOARD_TEST_ENVIRONMENT

# A copy of the tree without what was built for another major.
copy_tree()
{
	mkdir -p "$1"
	tar -C "$root" --exclude=./.git --exclude=./build --exclude='*.[od]' --exclude='*.so' \
		--exclude=./glue/onboard --exclude=./glue/bootstrap -cf - . | tar -C "$1" -xf -
}

# In the copy of the tree in $1: build and test.  $2 is the command that enters the
# place where the server is.
# shellcheck disable=SC2086
build_and_test()
{
	$2 sh -c 'cd "$1" && make -s -j"$(nproc)" all && exec test/check.sh $2' sh "$1" "${ONBOARD_MAJORS_STEPS:-$steps}"
}

test_here()
{
	copy_tree "$work/$server"
	build_and_test "$work/$server" env
}

# Test with the server in folder $1.  pgTAP and the Perl modules for tests are the
# system's; both are scripts.
test_folder()
{
	if ! setpriv --reuid=postgres --regid=postgres --clear-groups test -x "$1/bin/postgres"; then
		echo "The user postgres cannot run $1/bin/postgres; move the checkout to where it can."
		return 1
	fi
	share=$("$1/bin/pg_config" --sharedir)
	cp "$(pg_config --sharedir)"/extension/pgtap* "$share/extension/"
	modules=$(dirname "$(pg_config --pgxs)")/../../src/test/perl
	(
		export PATH="$1/bin:$PATH" ONBOARD_TEST_PERL="$modules"
		test_here
	)
}

test_in_root()
{
	"$root/test/majors/debian_root.sh" "$cache/$1" "$1" "$server" || return 1
	rm -rf "$cache/$1/tmp/onboard"
	copy_tree "$cache/$1/tmp/onboard"
	build_and_test /tmp/onboard "$root/test/majors/in_root.sh $cache/$1"
}

run_server()
{
	case $server in
		15) test_here ;;
		15-assertions) "$root/test/majors/assertions_server.sh" "$cache/$server" && test_folder "$cache/$server" ;;
		16) "$root/test/majors/pypi_server.sh" "$cache/$server" && test_folder "$cache/$server" ;;
		17) test_in_root trixie ;;
		18) test_in_root sid ;;
	esac
}

# The end of check.sh's output: what was skipped and failed, by name, and the numbers.
summary()
{
	awk '/^(Skipped|Failed):$/ || /^[0-9]+ passed, / { found = 1 } found' "$1"
}

echo "The first run takes about an hour on two idle cores, later ones about ten minutes per server."
failed=0
for server in $servers; do
	log=$cache/$server.log
	echo "PostgreSQL $server: started at $(date +%H:%M), log in $log"
	status=0
	run_server >"$log" 2>&1 || status=$?
	{
		printf '\nPostgreSQL %s\n' "$server"
		if grep -qaE '^[0-9]+ passed, ' "$log"; then
			summary "$log"
		else
			echo 'NOT RUN; the log says why'
		fi
	} >>"$work/results"
	[ "$status" -eq 0 ] || failed=1
done
cat "$work/results"
exit $failed
