#!/bin/sh
# Create a private copy of the PostgreSQL installation with this tree's extension, so that
# tests neither need root nor touch the system's installation.
#
#	test/temp_install.sh DIRECTORY
#
# PostgreSQL locates its libraries and scripts relative to its binary, so the copy is
# self-contained. DIRECTORY/bin is a link to the copied binaries. The script prints export
# commands that make tests and the program use the copy.
set -eu

mkdir -p "$1"
directory=$(cd "$1" && pwd)
pg_config=${PG_CONFIG:-pg_config}
root=$(cd "$(dirname "$0")/.." && pwd)

bindir=$($pg_config --bindir)
# Copy the original installation even if an earlier copy is first on PATH.
case $bindir in
	"$directory"/*)
		bindir=${bindir#"$directory"}
		pg_config=$bindir/pg_config
		;;
esac
libdir=$($pg_config --pkglibdir)
sharedir=$($pg_config --sharedir)

for path in "$bindir" "$libdir" "$sharedir"; do
	mkdir -p "$directory$path"
	cp -r "$path/." "$directory$path/"
done
# Tests in C are built with the copy's client headers; they do not need the server's headers.
includedir=$($pg_config --includedir)
mkdir -p "$directory$includedir"
cp "$includedir"/*.h "$directory$includedir/"
ln -sfn ".$bindir" "$directory/bin"
make -s -C "$root" install DESTDIR="$directory" PG_CONFIG="$pg_config" >/dev/null
# Libraries for tests, which no other installation has. product_change.c calls functions of the extension that the
# library hides since PostgreSQL 16, so it is linked with all of the extension.
cd "$root"
test_library()
{
	name=$1
	shift
	$($pg_config --cc) -std=gnu11 -O2 -fPIC -shared -Isrc -I"$($pg_config --includedir-server)" \
		-o "$directory$libdir/onboard_test_$name.so" "test/modules/$name.c" "$@"
}
test_library vendor_settings
# shellcheck disable=SC2046
test_library product_change $(printf '%s\n' src/*.c src/*/*.c | sed 's/c$/o/')

printf "export PATH='%s/bin':\"\$PATH\"\n" "$directory"
printf "export ONBOARD_BIN='%s/usr/local/bin/onboard'\n" "$directory"
printf "export ONBOARD_PG_BINDIR='%s/bin'\n" "$directory"
printf "export ONBOARD_BOOTSTRAP='%s/usr/local/lib/onboard/bootstrap'\n" "$directory"
