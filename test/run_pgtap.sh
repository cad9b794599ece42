#!/bin/sh
# Run the pgTAP tests, test/pgtap/*.sql, in their own server.
#
#	PATH=DIRECTORY/bin:$PATH test/run_pgtap.sh OUTPUT [TEST ...]
#
# DIRECTORY is a private copy created by temp_install.sh. Run as an ordinary user;
# everything is written under OUTPUT. Without TEST, all tests run; TEST may omit folder
# and extension. Each test runs in a new database with onboard and pgTAP.
set -eu

. "$(dirname "$0")/environment.sh"
refuse_root "$@"

output=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
data=$output/data
# The path of a socket under OUTPUT may be too long.
sockets=$(mktemp -d "${TMPDIR:-/tmp}/onboard-pgtap.XXXXXX")
started=

if [ $# -eq 0 ]; then
	set -- "$root"/test/pgtap/*.sql
else
	for test; do
		shift
		set -- "$@" "$root/test/pgtap/$(basename "$test" .sql).sql"
	done
fi

clean_up()
{
	[ -z "$started" ] || pg_ctl --pgdata="$data" --mode=immediate --wait --silent stop || true
	rm -rf "$sockets"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

mkdir -p "$output"
rm -rf "$data"
initdb --pgdata="$data" --auth=trust --no-sync --encoding=UTF8 --no-locale --username=postgres >"$output/initdb.log"
cat >>"$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$sockets'
fsync = off
CONF
pg_ctl --pgdata="$data" --log="$output/server.log" --wait --silent start || {
	cat "$output/server.log" >&2
	exit 1
}
started=yes

PGHOST=$sockets
PGPORT=5432
PGUSER=postgres
export PGHOST PGPORT PGUSER
unset PGDATABASE

createdb pgtap_template
psql -X -q -v ON_ERROR_STOP=1 -d pgtap_template -c 'CREATE EXTENSION onboard' -c 'CREATE EXTENSION pgtap'
failed=0
for file in "$@"; do
	database=pgtap_$(basename "$file" .sql)
	createdb --template=pgtap_template "$database"
	pg_prove --verbose --dbname="$database" "$file" || failed=1
done
exit $failed
