#!/bin/sh
# Start the database of this instance, at every boot.
#
# The same steps serve an empty disk, a reboot, a new instance with the old disk, a new
# package set, and an empty disk with a backup in the bucket. Every step changes only what
# is not yet as it should be, and can be repeated after a kill at any point.
#
# /etc/onboard-database.conf has the settings; the user data of the instance writes it.
# Nothing here prints a password or puts one on a command line.
set -eu
umask 077

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=/dev/null
. /etc/onboard-database.conf
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=volume.sh
. "$here/volume.sh"
# shellcheck source=secrets.sh
. "$here/secrets.sh"
# shellcheck source=certificate.sh
. "$here/certificate.sh"
# shellcheck source=backup.sh
. "$here/backup.sh"
# shellcheck source=cluster.sh
. "$here/cluster.sh"
# shellcheck source=roles.sh
. "$here/roles.sh"

# A second start, for example by hand, waits until that of the boot has finished.
exec 9>/run/onboard-database.lock
flock 9

volume_mount
certificate_renew
backup_configure
cluster_configure
cluster_fill
cluster_start
cluster_create_database
roles_create
roles_share_secret "$DATABASE_SECRET" onboard_a onboard_b
roles_share_secret "$ADMINISTRATOR_SECRET" onboard_administrator
roles_share_secret "$OPERATOR_SECRET" onboard_operator
backup_begin
say 'the database is ready'
