#!/bin/sh
# A tour of onboard on one machine: three vendors, three files, their errors,
# a corrected file, a shop's export and a workbook, and the catalogue at the end.
#
#	test/demo.sh
#
# It uses the program ONBOARD_BIN (default: onboard on PATH) and the private server (in
# ONBOARD_HOME, if set). The server keeps running, so that you can look around afterwards.
# You can run the demo repeatedly: it first removes what an earlier run loaded.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
data=$here/data
onboard=${ONBOARD_BIN:-onboard}

# Do not touch any other database.
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGSERVICE 2>/dev/null || true

# The reports are kept here.
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

# Show a command as a user would type it, then run it. Loading a file with rejected rows
# exits with code 1, which is part of the tour.
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

# Undo what an earlier run loaded; --again then loads it anew.
again=''
undo_earlier_run() {
	"$onboard" psql -- -XAtq -c "
		SELECT upload_id || CASE WHEN metadata ? 'undone_at' THEN ' undone' ELSE '' END
		FROM onboard.upload_history
		WHERE status IN ('completed', 'partial') AND file_name IN (
			'VEND001_20260104_090000.csv', 'VEND002_20260105_101500.csv',
			'VEND003_20260106_143000.csv', 'VEND003_20260107_080000.csv',
			'shopify.csv', 'VEND001_20260108_120000.xlsx')" >uploads
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

title 'A file without errors'
run load "$data/VEND001_20260104_090000.csv" --vendor VEND001 $again

title 'Loading the same file twice changes nothing'
run load "$data/VEND001_20260104_090000.csv" --vendor VEND001

title 'A dry run first: what would happen to this one?'
run check "$data/VEND002_20260105_101500.csv" --vendor VEND002

title 'This vendor uses its own category names'
run load "$data/VEND002_20260105_101500.csv" --vendor VEND002 $again

title 'And this one makes typing errors'
run load "$data/VEND003_20260106_143000.csv" --vendor VEND003 $again

title 'What the vendor receives: one line per error'
# Print some of the columns; a comma within quotes does not separate columns.
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

title "The rejected rows in the vendor's own columns, to correct and resend"
tr -d '\r' <"$(echo onboard-reports/VEND003-*/fix.csv)" | LC_ALL=C sed '1s/^...//' | head -n 4
echo

title 'And the text of an email'
cat onboard-reports/VEND003-*/mail.txt
echo

title 'The rejected rows, corrected and loaded'
run load "$data/VEND003_20260107_080000.csv" --vendor VEND003 $again

title "A shop's own export: its headings, variants, and rows that only have an image"
sed -n '1p;/^,enamel-kettle/p' "$data/maps/shopify.csv" | cut -d, -f2,10,13,21,33,39
echo
run map values categories "$data/maps/shopify.categories.csv" --vendor VEND002
run load "$data/maps/shopify.csv" --vendor VEND002 --map shopify $again

title 'A spreadsheet with headings of its own: onboard proposes how to read it'
workbook=$data/VEND001_20260108_120000.xlsx
run map guess "$workbook" --vendor VEND001
"$onboard" map guess "$workbook" --vendor VEND001 >price-list.map
run map set price-list price-list.map --vendor VEND001
run load "$workbook" --map price-list $again

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
  onboard map guess theirs.csv --vendor VEND001
                                             how to read a file with other headings
  onboard status                             what happened so far
  onboard psql                               look around in SQL
  onboard --help                             everything else
TEXT

printf '\nThe reports are in %s.\nThe private server is still running; "onboard stop" stops it.\n' "$folder"
