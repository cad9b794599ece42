#!/bin/sh
# Run the TAP tests, test/tap/*.pl, which start servers of their own.
#
#	PATH=DIRECTORY/bin:$PATH test/run_tap.sh OUTPUT [TEST.pl ...]
#
# DIRECTORY is a private copy made by temp_install.sh.  Run as an ordinary user;
# everything is written below OUTPUT.
set -eu

if [ "$(id -u)" -eq 0 ]; then
	echo "PostgreSQL does not run as root; try: setpriv --reuid=postgres --regid=postgres --clear-groups $0 $*" >&2
	exit 1
fi

output=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
perl_modules=$(dirname "$(pg_config --pgxs)")/../../src/test/perl

if [ $# -eq 0 ]; then
	set -- "$root"/test/tap/*.pl
else
	for test; do
		shift
		set -- "$@" "$(realpath "$test")"
	done
fi

rm -rf "$output/tmp_check"
mkdir -p "$output/tmp_check/log"
output=$(realpath "$output")
cd "$output"
TESTDIR=$output
TESTDATADIR=$output/tmp_check
TESTLOGDIR=$output/tmp_check/log
PG_REGRESS=$(dirname "$(pg_config --pgxs)")/../../src/test/regress/pg_regress
PGPORT=65432
export TESTDIR TESTDATADIR TESTLOGDIR PG_REGRESS PGPORT
# Most of the time a test waits, for a server or on purpose; each has servers of its own.
exec prove --timer --jobs "${ONBOARD_TEST_JOBS:-2}" -I "$perl_modules" -I "$root/test/tap" "$@"
