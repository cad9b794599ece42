#!/bin/sh
# What a script can check about the code: banned functions, one version number,
# warnings of both compilers, qualified SQL, whole words.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
problems=0

report()
{
	printf 'not ok %s\n' "$1"
	problems=$((problems + 1))
}

# Each has a bounded, thread-safe or checked counterpart.
banned='(sprintf|strcpy|strcat|strtok|atoi|atol|gets|gmtime|localtime|system|popen|vsprintf|alloca)'
if grep -nE "(^|[^a-zA-Z0-9_>.])$banned *\(" src/*.c src/*.h glue/*.c glue/*.h glue/*/*.c glue/*/*.h; then
	report 'no banned functions'
else
	echo 'ok 1 - no banned functions'
fi

version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" onboard.control)
if [ -f "sql/onboard--$version.sql" ] &&
	grep -q "^   \"version\": \"$version\"" META.json &&
	grep -q "^## $version " CHANGELOG.md; then
	echo 'ok 2 - one version number'
else
	report 'version of onboard.control, sql/, META.json and CHANGELOG.md agree'
fi

# Plain CREATE: OR REPLACE and IF NOT EXISTS adopt objects that others planted.
if grep -nE '^[[:space:]]*CREATE (OR REPLACE|[A-Z ]*IF NOT EXISTS)' sql/onboard--*.sql | grep -v 'INDEX'; then
	report 'the script creates with plain CREATE'
else
	echo 'ok 3 - the script creates with plain CREATE'
fi

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
for compiler in gcc clang; do
	tar --exclude=./.git --exclude=./build --exclude='*.o' --exclude='*.so' -cf - . | tar -C "$build" -xf -
	if make -s -C "$build" clean >/dev/null 2>&1; make -s -j"$(nproc)" -C "$build" CC="$compiler" >"$build/log" 2>&1; then
		echo "ok 4 - builds without a warning with $compiler"
	else
		cat "$build/log"
		report "builds without a warning with $compiler"
	fi
done

if grep -nE '^ {4,}' src/*.c src/*.h glue/*.c glue/*.h glue/*/*.c glue/*/*.h; then
	report 'indents with tabs'
else
	echo 'ok 5 - indents with tabs'
fi

[ "$problems" -eq 0 ]
