#!/bin/sh
# Run the isolation tests, test/isolation/specs/*.spec.
#
#	PATH=DIRECTORY/bin:$PATH test/run_isolation.sh OUTPUT [TEST ...]
#
# Arguments are as for run_regress.sh.
set -eu

. "$(dirname "$0")/environment.sh"
refuse_root "$@"

output=$1
shift
root=$(cd "$(dirname "$0")" && pwd)/isolation
pg_isolation_regress=$(dirname "$(pg_config --pgxs)")/../../src/test/isolation/pg_isolation_regress

if [ $# -eq 0 ]; then
	for file in "$root"/specs/*.spec; do
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
