#!/bin/sh
# Run the TAP tests, test/tap/*.pl, which start their own servers.
#
#	PATH=DIRECTORY/bin:$PATH test/run_tap.sh OUTPUT [TEST ...]
#
# DIRECTORY is a private copy created by temp_install.sh. Run as an ordinary user;
# everything is written under OUTPUT. TEST may omit folder and extension.
set -eu

. "$(dirname "$0")/environment.sh"
refuse_root "$@"

output=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
perl_modules=${ONBOARD_TEST_PERL:-$(dirname "$(pg_config --pgxs)")/../../src/test/perl}

if [ $# -eq 0 ]; then
	set -- "$root"/test/tap/*.pl
else
	for test; do
		shift
		set -- "$@" "$root/test/tap/$(basename "$test" .pl).pl"
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
exec prove --timer --jobs "$TEST_JOBS" -I "$perl_modules" -I "$root/test/tap" "$@"
