#!/bin/sh
# Restore the database from its backups, as it was at a point in time.
#
#	restore.sh latest			to the end of the archived WAL
#	restore.sh '2026-01-31 12:00:00+00'	to that time
#	restore.sh latest FOLDER		into an empty folder, leaving the database alone
#
# Run as root on the instance. Without FOLDER, the database is stopped and overwritten; then
# first_start.sh starts it again and sets the passwords of the secrets.
set -eu
umask 077

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=/dev/null
. /etc/onboard-database.conf
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=backup.sh
. "$here/backup.sh"

case $# in
	1 | 2) ;;
	*) fail 'usage: restore.sh latest|TIME [FOLDER]' ;;
esac
target=$1
folder=${2:-}

if [ -n "$folder" ]; then
	install -d -o postgres -g postgres -m 700 "$folder"
	# A copy must not write to the archive of the database when it is started.
	set -- --pg1-path="$folder" --archive-mode=off
else
	# Files that already match the backup are not fetched.
	set -- --delta
	! server_runs || pg_ctlcluster "$major" "$cluster" stop --mode fast
fi
[ "$target" = latest ] || set -- "$@" --type=time --target="$target" --target-action=promote
backup_run "$@" restore
[ -n "$folder" ] || exec "$here/first_start.sh"
