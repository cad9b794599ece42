#!/bin/sh
# Run the pgTAP tests, test/pgtap/*.sql, in a server of their own.
#
#	PATH=DIRECTORY/bin:$PATH test/run_pgtap.sh OUTPUT [TEST.sql ...]
#
# DIRECTORY is a private copy made by temp_install.sh.  Run as an ordinary user;
# everything is written below OUTPUT.  Without TEST all of them run.  Each test
# has a new database with onboard and pgTAP.
set -eu

if [ "$(id -u)" -eq 0 ]; then
	echo "PostgreSQL does not run as root; try: setpriv --reuid=postgres --regid=postgres --clear-groups $0 $*" >&2
	exit 1
fi

output=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
data=$output/data
# A socket below OUTPUT may have too long a name.
sockets=$(mktemp -d /tmp/onboard-pgtap.XXXXXX)
postmaster=

if [ $# -eq 0 ]; then
	set -- "$root"/test/pgtap/*.sql
fi

clean_up()
{
	if [ -n "$postmaster" ] && kill -INT "$postmaster" 2>/dev/null; then
		wait "$postmaster" || true
	fi
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
postgres -D "$data" >"$output/server.log" 2>&1 &
postmaster=$!

PGHOST=$sockets
PGPORT=5432
PGUSER=postgres
export PGHOST PGPORT PGUSER
unset PGDATABASE
tries=0
until pg_isready --quiet; do
	tries=$((tries + 1))
	if [ $tries -gt 600 ] || ! kill -0 "$postmaster" 2>/dev/null; then
		cat "$output/server.log" >&2
		exit 1
	fi
	sleep 0.1
done

createdb pgtap_template
psql -X -q -v ON_ERROR_STOP=1 -d pgtap_template -c 'CREATE EXTENSION onboard' -c 'CREATE EXTENSION pgtap'
failed=0
for file in "$@"; do
	database=pgtap_$(basename "$file" .sql)
	createdb --template=pgtap_template "$database"
	pg_prove --verbose --dbname="$database" "$file" || failed=1
done
exit $failed
