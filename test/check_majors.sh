#!/bin/sh
# Build the extension for all supported major versions of PostgreSQL and run the tests with each.
#
#	test/check_majors.sh [SERVER ...]
#
# The servers:
#
#	15		of this system
#	15-assertions	built from its source package, with assertions
#	16		from a Python package, without ICU, OpenSSL and contrib modules
#	17		from Debian trixie, in its own root folder
#	18		from Debian sid, likewise
#
# build/majors caches what is downloaded and built; remove a folder there to rebuild it.
# The logs are there, too. Run as root, which the root folders require; servers and tests
# run as user postgres.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cache=$root/build/majors
all_servers='15 15-assertions 16 17 18'
steps='regress isolation pgtap tap'
servers=${*:-$all_servers}
for server in $servers; do
	case " $all_servers " in
		*" $server "*) ;;
		*) echo "Unknown server \"$server\"; the servers are: $all_servers." >&2; exit 2 ;;
	esac
done
if [ "$(id -u)" -ne 0 ]; then
	echo "Creating and entering root folders requires root; try: sudo $0 $*" >&2
	exit 1
fi
mkdir -p "$cache"
work=$(mktemp -d /tmp/onboard-majors.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The emulated AWS services run only on this system, for which their environment was built.
ONBOARD_TEST_ENVIRONMENT=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}
export ONBOARD_TEST_ENVIRONMENT

# Copy the tree without files built for another major version.
copy_tree()
{
	mkdir -p "$1"
	tar -C "$root" --exclude=./.git --exclude=./build --exclude='*.[od]' --exclude='*.so' \
		--exclude=./glue/onboard --exclude=./glue/bootstrap -cf - . | tar -C "$1" -xf -
}

# Build and test in the copy of the tree in $1. $2 is the command that enters the server's root folder.
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

# Test with the server in folder $1. pgTAP and the Perl test modules come from the system; both are scripts.
test_folder()
{
	if ! setpriv --reuid=postgres --regid=postgres --clear-groups test -x "$1/bin/postgres"; then
		echo "The user postgres cannot run $1/bin/postgres; move the checkout to a place where it can."
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
	packages="make gcc libc6-dev postgresql-$server postgresql-server-dev-$server postgresql-$server-pgtap
		libpq-dev libcsv-dev libcjson-dev libuchardet-dev libxlsxwriter-dev libexpat1-dev libminizip-dev zlib1g-dev
		libutf8proc-dev libssl-dev libcurl4-openssl-dev
		patch perl libipc-run-perl libio-pty-perl libtap-parser-sourcehandler-pgtap-perl
		openssl python3 python3-psycopg2"
	# shellcheck disable=SC2086
	"$root/test/majors/debian_root.sh" "$cache/$1" "$1" $packages || return 1
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

# Print the end of check.sh's output: the skipped and failed tests, and the counts.
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
			echo 'NOT RUN; see the log'
		fi
	} >>"$work/results"
	[ "$status" -eq 0 ] || failed=1
done
cat "$work/results"
exit $failed
