#!/bin/sh
# Print the row of onboard_host.status as CSV: total and free bytes of the data volume, seconds until
# the server's certificate expires, seconds since the last backup (empty if there is none).
#
# The server runs it, as the user postgres, for each query of that table.
set -eu
volume=/srv/onboard

now=$(date +%s)
disk=$(df --block-size=1 --output=size,avail "$volume" | awk 'NR == 2 { print $1 "," $2 }')
expiry=$(date +%s -d "$(openssl x509 -noout -enddate -in "$volume/tls/server.pem" | sed 's/^notAfter=//')")
backup=$(cat "$volume/state/last_backup" 2>/dev/null || true)
echo "$disk,$((expiry - now)),${backup:+$((now - backup))}"
