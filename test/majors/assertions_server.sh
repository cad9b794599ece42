#!/bin/sh
# Build this system's PostgreSQL from its source package, with assertions.
#
#	test/majors/assertions_server.sh FOLDER
#
# FOLDER is an absolute path. If it exists, it is complete; its programs are in
# FOLDER/bin. The build takes about ten minutes.
set -eu

folder=$1
[ ! -d "$folder" ] || exit 0

major=$(pg_config --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
build=$folder.part
rm -rf "$build"
mkdir -p "$build/lists/partial" "$build/source" "$build/tree"

# Use apt's archives for this download of sources.
keys=/usr/share/keyrings/debian-archive-keyring.gpg
apt-get indextargets --format "deb-src [signed-by=$keys] \$(REPO_URI) \$(CODENAME) \$(COMPONENT)" \
	'Created-By: Packages' | sort -u >"$build/sources.list"
apt_source()
{
	apt-get -q -o Dir::Etc::SourceList="$build/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$build/lists" -o APT::Sandbox::User=root "$@"
}
apt_source update
(cd "$build/source" && apt_source source --download-only "postgresql-$major")
tar -xf "$build"/source/postgresql-*.orig.tar.* -C "$build/tree" --strip-components=1

cd "$build/tree"
./configure --quiet --prefix="$folder" --enable-cassert --enable-debug --enable-tap-tests \
	--with-openssl --without-readline CFLAGS=-O1
nice make -s -j"$(nproc)" world-bin
make -s install-world-bin
rm -rf "$build"
