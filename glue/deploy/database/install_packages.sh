#!/bin/sh
# Install the package set that contains this script, on an instance without internet.
#
# The set is an apt repository. apt installs what the machine image lacks and upgrades what
# is older. It never starts a database; first_start.sh does.
set -eu

set=$(dirname "$(readlink -f "$0")")
(cd "$set" && sha256sum --check --quiet --strict SHA256SUMS)

# Do not create a cluster on the instance's own disk, and let first_start.sh start ours.
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf

echo "deb [trusted=yes] file:$set ./" >/etc/onboard-packages.list
apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends --allow-downgrades \
		-o Dir::Etc::SourceList=/etc/onboard-packages.list -o Dir::Etc::SourceParts=/dev/null \
		-o Dpkg::Options::=--force-confold -o APT::Get::List-Cleanup=false "$@"
}
apt update
apt upgrade
# By path, because the package of an earlier set may have a higher version.
apt install "$set"/onboard-database_*.deb

systemctl daemon-reload
systemctl enable onboard-maintenance.timer
systemctl start onboard-maintenance.timer
