#!/bin/sh
# The daily work on a running database: renew the server's certificate, take a backup.
#
# A full backup on Sundays, a differential one on other days; pgBackRest then removes
# backups that are older than the retention.
set -eu
umask 077

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=/dev/null
. /etc/onboard-database.conf
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=certificate.sh
. "$here/certificate.sh"
# shellcheck source=backup.sh
. "$here/backup.sh"

server_runs || fail 'the database is not running'
certificate_renew
# Reloading lets new connections use a renewed certificate, and is harmless otherwise.
pg_ctlcluster "$major" "$cluster" reload
if [ "$(date -u +%u)" -eq 7 ]; then
	backup_take full
else
	backup_take diff
fi
