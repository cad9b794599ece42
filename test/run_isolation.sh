#!/bin/sh
# Run the isolation tests, test/isolation/specs/*.spec.
#
#	PATH=DIRECTORY/bin:$PATH test/run_isolation.sh OUTPUT [TEST ...]
#
# Arguments are as for run_regress.sh. Without TEST, all tests run, each time in another order, because none may depend
# on what others leave. To repeat an order, pass the tests as they were listed.
set -eu

. "$(dirname "$0")/environment.sh"
refuse_root "$@"

output=$1
shift
root=$(cd "$(dirname "$0")" && pwd)/isolation
pg_isolation_regress=$(dirname "$(pg_config --pgxs)")/../../src/test/isolation/pg_isolation_regress

if [ $# -eq 0 ]; then
	for file in $(cd "$root/specs" && printf '%s\n' *.spec | shuf); do
		set -- "$@" "$(basename "$file" .spec)"
	done
fi

mkdir -p "$output"
rm -rf "$output/instance"
cd "$output"
exec "$pg_isolation_regress" --inputdir="$root" --outputdir="$output" \
	--temp-instance="$output/instance" --bindir="$(pg_config --bindir)" \
	--dbname=isolation_onboard --encoding=UTF8 --no-locale \
	--load-extension=onboard "$@"
