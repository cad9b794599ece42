#!/bin/sh
# Check the code: banned functions, version numbers, formatting, rooms, long lines, types
# of Python code, warnings from both compilers, and installation.
#
# mypy comes from the environment of test/aws/make_environment.sh.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
environment=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}
cd "$root"
problems=0
count=0
sources=$(ls src/*.[ch] src/*/*.[ch] glue/*/*.[ch])

# Print the result of a check, in TAP: check STATUS NAME.
check()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		problems=$((problems + 1))
	fi
}

# Check that a search finds nothing; print what it finds.
none()
{
	name=$1
	shift
	status=0
	"$@" || status=$?
	# grep exits with 1 if it finds nothing.
	check $((status != 1)) "$name"
}

# Each has a bounded, thread-safe or checked alternative.
banned='(sprintf|strcpy|strcat|strtok|atoi|atol|gets|gmtime|localtime|system|popen|vsprintf|alloca)'
none 'no banned functions' grep -nE "(^|[^a-zA-Z0-9_>.])$banned *\(" $sources

version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" onboard.control)
status=0
[ -f "sql/onboard--$version.sql" ] && grep -q "^   \"version\": \"$version\"" META.json &&
	grep -q "^## $version " CHANGELOG.md || status=1
check $status 'one version number in onboard.control, sql/, META.json and CHANGELOG.md'

# OR REPLACE and IF NOT EXISTS would adopt objects planted by other roles.
adopting()
{
	grep -nE '^[[:space:]]*CREATE (OR REPLACE|[A-Z ]*IF NOT EXISTS)' sql/onboard--*.sql | grep -v 'INDEX'
}
none 'the install script uses plain CREATE' adopting

status=0
clang-format --dry-run -Werror $sources test/*/*.[ch] || status=1
check $status 'formatted according to .clang-format; run make format'

# Executable scripts, with those that they include.
status=0
# shellcheck disable=SC2046
shellcheck --check-sourced --external-sources --source-path=SCRIPTDIR \
	$(find glue/deploy -name '*.sh' -perm -u+x) || status=1
check $status 'shellcheck finds nothing in the scripts of glue/deploy'

status=0
test/rooms.pl || status=1
check $status 'includes respect the rooms in ARCHITECTURE.md and have no cycles'

# Lines in tests have at most 130 columns, with tabs of 4. Exceptions are regular
# expressions and \copy, which cannot be broken.
long_lines()
{
	find test sql -type f ! -name 'onboard--*' \( -name '*.sql' -o -name '*.spec' -o -name '*.p[lmy]' \
		-o -name '*.sh' \) | while read -r file; do
		expand -t4 "$file" | grep -nE '.{131}' | grep -vE 'qr/|\\copy' | sed "s|^|$file:|"
	done
}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
long_lines >"$build/long"
cat "$build/long"
status=0
[ ! -s "$build/long" ] || status=1
check $status 'no line of a test is too long to read'

# The code in test/aws/ that the tests of onboard-aws use is checked with them.
status=0
(cd glue/deploy && "$environment/bin/python" -m mypy --cache-dir "$build/mypy") || status=1
check $status 'the types of onboard-aws and of the checks are sound according to mypy --strict; see make deps-test'
long_python()
{
	grep -nE '.{131}' glue/deploy/*/*.py
}
none 'no line of Python in glue/deploy is longer than 130 columns' long_python

for compiler in gcc clang; do
	tar --exclude=./.git --exclude=./build --exclude='*.[od]' --exclude='*.so' -cf - . | tar -C "$build" -xf -
	status=0
	{ make -s -C "$build" clean && make -s -j"$(nproc)" -C "$build" CC="$compiler"; } >"$build/log" 2>&1 || status=1
	[ $status -eq 0 ] || cat "$build/log"
	check $status "builds without a warning with $compiler"
done

# List files, and folders that belong to onboard.
remains()
{
	find "$build/destination" ! -type d -print
	find "$build/destination" -type d -name '*onboard*' -print
}
status=0
make -s -C "$build" CC=clang install DESTDIR="$build/destination" prefix=/opt/shop >"$build/log" 2>&1 || status=1
[ -x "$build/destination/opt/shop/bin/onboard" ] && [ -x "$build/destination/opt/shop/lib/onboard/bootstrap" ] &&
	[ -n "$(find "$build/destination" -name onboard.control)" ] || status=1
[ $status -eq 0 ] || cat "$build/log"
check $status 'make install puts everything under DESTDIR and prefix'
make -s -C "$build" CC=clang uninstall DESTDIR="$build/destination" prefix=/opt/shop >"$build/log" 2>&1 || cat "$build/log"
remains >"$build/remains"
cat "$build/remains"
[ ! -s "$build/remains" ] || status=1
check $status 'make uninstall removes everything'

echo "1..$count"
[ "$problems" -eq 0 ]
