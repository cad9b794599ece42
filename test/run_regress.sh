#!/bin/sh
# Run the regression tests, sql/*.sql against expected/*.out, in a server of
# their own.
#
#	PATH=DIRECTORY/bin:$PATH test/run_regress.sh OUTPUT [TEST ...]
#
# DIRECTORY is a private copy made by temp_install.sh.  Run as an ordinary user;
# everything is written below OUTPUT, which must not be part of the source tree.
# Without TEST all of them run; those named here run alone.
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
# A socket below OUTPUT may have too long a name; pg_regress makes its own.
cd "$output"
exec "$pg_regress" --inputdir="$root" --outputdir="$output" \
	--temp-instance="$output/instance" --bindir="$(pg_config --bindir)" \
	--dbname=regress_onboard --encoding=UTF8 --no-locale \
	--load-extension=onboard "$@"
