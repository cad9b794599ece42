#!/bin/sh
# A tour of onboard on one machine: three vendors, three files, their errors,
# a corrected file, and the catalogue at the end.
#
#	test/demo.sh
#
# It uses the program in ONBOARD_BIN (default: onboard on PATH) and the private
# server (of ONBOARD_HOME, if that is set), which goes on running, so that you
# can look around afterwards.  Run it as often as you like: it takes out first
# what an earlier run loaded.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
data=$here/data
onboard=${ONBOARD_BIN:-onboard}

# Nothing of this is meant for another database.
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGSERVICE 2>/dev/null || true

# The reports stay here.
folder=$(mktemp -d "${TMPDIR:-/tmp}/onboard-demo.XXXXXX")

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m')
	blue=$(printf '\033[36m')
	plain=$(printf '\033[0m')
else
	bold='' blue='' plain=''
fi

title() {
	printf '%s== %s ==%s\n\n' "$bold" "$1" "$plain"
}

# Show a command as one would type it, then run it.  A file with rejected rows
# ends with exit code 1, which is part of the tour.
run() {
	printf '%s$ onboard' "$blue"
	for word in "$@"; do
		case $word in
			*[!A-Za-z0-9_./@=:-]*) printf " '%s'" "$word" ;;
			*) printf ' %s' "$word" ;;
		esac
	done
	printf '%s\n' "$plain"
	status=0
	"$onboard" "$@" || status=$?
	if [ "$status" -gt 1 ]; then
		exit "$status"
	fi
	echo
}

# What an earlier run loaded is taken out, and --again loads it once more.
again=''
undo_earlier_run() {
	"$onboard" psql -- -XAtq -c "
		SELECT upload_id || CASE WHEN metadata ? 'undone_at' THEN ' undone' ELSE '' END
		FROM onboard.upload_history
		WHERE status IN ('completed', 'partial') AND file_name IN (
			'VEND001_20260104_090000.csv', 'VEND002_20260105_101500.csv',
			'VEND003_20260106_143000.csv', 'VEND003_20260107_080000.csv')" >uploads
	while read -r upload undone; do
		again=--again
		if [ -z "$undone" ]; then
			"$onboard" undo "$upload" >/dev/null </dev/null
		fi
	done <uploads
	rm uploads
}

cd "$folder"

title 'Three vendors'
"$onboard" --version
sed 1d "$data/vendors.csv" | while IFS=, read -r id name email phone business rest; do
	run vendor add "$id" --name "$name" --email "$email" --phone "$phone" \
		--business-name "$business" --if-not-exists </dev/null
done
undo_earlier_run

title 'A file without a fault'
run load "$data/VEND001_20260104_090000.csv" --vendor VEND001 $again

title 'The same file by mistake changes nothing'
run load "$data/VEND001_20260104_090000.csv" --vendor VEND001

title 'A dry run first: what would happen to this one?'
run check "$data/VEND002_20260105_101500.csv" --vendor VEND002

title 'This vendor uses category names of its own'
run load "$data/VEND002_20260105_101500.csv" --vendor VEND002 $again

title 'And this one has typing errors'
run load "$data/VEND003_20260106_143000.csv" --vendor VEND003 $again

title 'What the vendor gets: one line per error'
# Some of its columns; a comma within quotes parts none.
tr -d '\r' <"$(echo onboard-reports/VEND003-*/errors.csv)" | LC_ALL=C sed '1s/^...//' | LC_ALL=C awk '{
	fields = 1
	split("", field)
	quoted = 0
	for (i = 1; i <= length($0); i++) {
		c = substr($0, i, 1)
		if (c == "\"")
			quoted = !quoted
		if (c == "," && !quoted)
			fields++
		else
			field[fields] = field[fields] c
	}
	print field[1] "," field[12] "," field[2] "," field[3] "," field[6] "," field[7]
}'
echo

title 'The rejected rows in its own columns, to correct and send again'
tr -d '\r' <"$(echo onboard-reports/VEND003-*/fix.csv)" | LC_ALL=C sed '1s/^...//' | head -n 4
echo

title 'And the text of a mail'
cat onboard-reports/VEND003-*/mail.txt
echo

title 'The rejected rows, corrected and loaded'
run load "$data/VEND003_20260107_080000.csv" --vendor VEND003 $again

title 'All uploads'
run status

title 'The catalogue is a table in PostgreSQL'
run psql -- -X -c "SELECT coalesce(parent_category, category) AS department,
	count(*) AS products, min(price) AS cheapest, max(price) AS dearest
FROM onboard.product_catalog GROUP BY 1 ORDER BY 2 DESC, 1"

title 'What to try next'
cat <<TEXT
  onboard template > my.csv                  a file to fill in
  onboard check my.csv --vendor VEND001      what is wrong with it
  onboard load my.csv --vendor VEND001       load it
  onboard status                             what happened so far
  onboard psql                               look around in SQL
  onboard --help                             everything else
TEXT

printf '\nThe reports are in %s.\nThe private server goes on running; "onboard stop" ends it.\n' "$folder"
