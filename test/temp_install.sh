#!/bin/sh
# Make a private copy of the PostgreSQL installation with this tree's extension
# in it, so that tests neither need root nor touch the system's own.
#
#	test/temp_install.sh DIRECTORY
#
# PostgreSQL finds its libraries and scripts relative to its own binary, so a
# copied tree is complete: DIRECTORY/bin is a link to the copied binaries.
# It prints what to export so that tests and the program use the copy.
set -eu

mkdir -p "$1"
directory=$(cd "$1" && pwd)
pg_config=${PG_CONFIG:-pg_config}
root=$(cd "$(dirname "$0")/.." && pwd)

bindir=$($pg_config --bindir)
# Even with an earlier copy first on PATH, copy the installation.
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
# Tests in C are built against the copy; the server's own headers are not needed.
includedir=$($pg_config --includedir)
mkdir -p "$directory$includedir"
cp "$includedir"/*.h "$directory$includedir/"
ln -sfn ".$bindir" "$directory/bin"
make -s -C "$root" install DESTDIR="$directory" PG_CONFIG="$pg_config" >/dev/null
# Libraries that only tests load; no other installation has them.
for module in "$root"/test/modules/*.c; do
	name=$(basename "$module" .c)
	$($pg_config --cc) -std=gnu11 -O2 -fPIC -shared -I"$root/src" -I"$($pg_config --includedir-server)" \
		-o "$directory$libdir/onboard_test_$name.so" "$module"
done

printf "export PATH='%s/bin':\"\$PATH\"\n" "$directory"
printf "export ONBOARD_BIN='%s/usr/local/bin/onboard'\n" "$directory"
printf "export ONBOARD_PG_BINDIR='%s/bin'\n" "$directory"
