#!/bin/sh
# Run the regression tests, sql/*.sql with expected/*.out, in their own server.
#
#	PATH=DIRECTORY/bin:$PATH test/run_regress.sh OUTPUT [TEST ...]
#
# DIRECTORY is a private copy created by temp_install.sh. Run as an ordinary user;
# everything is written under OUTPUT, which must be outside the source tree. Without TEST,
# all tests run.
set -eu

. "$(dirname "$0")/environment.sh"
refuse_root "$@"

output=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
pg_regress=$(dirname "$(pg_config --pgxs)")/../../src/test/regress/pg_regress

if [ $# -eq 0 ]; then
	for file in "$root"/sql/*.sql; do
		case $(basename "$file") in
			onboard--*) ;;
			*) set -- "$@" "$(basename "$file" .sql)" ;;
		esac
	done
fi

mkdir -p "$output"
rm -rf "$output/instance"
# The path of a socket under OUTPUT may be too long; pg_regress creates its own folder for it.
cd "$output"
exec "$pg_regress" --inputdir="$root" --outputdir="$output" \
	--temp-instance="$output/instance" --bindir="$(pg_config --bindir)" \
	--dbname=regress_onboard --encoding=UTF8 --no-locale \
	--load-extension=onboard "$@"
