#!/bin/bash
# Check the container image with the tools that others handle images with, and run the functions in it.
#
#	glue/deploy/checks/image.sh
#
# Run as root, which buildah and the root folder require, after make all. The checks: skopeo and umoci read the image; a
# registry on loopback keeps its digest; the bill of materials is valid SPDX; the Dockerfile makes the same files on a
# Debian system of its own; and the tests of whole files and of the runtime pass in the image, confined.
#
# Prints TAP. build/image-checks caches what is downloaded; the log of each check is there, too.
# shellcheck disable=SC2317	# check calls functions by their names
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
cache=$root/build/image-checks
packages='bubblewrap buildah debootstrap skopeo umoci'
if [ "$(id -u)" -ne 0 ]; then
	echo "This check requires root; try: sudo $0" >&2
	exit 1
fi
cd "$root"
mkdir -p "$cache/log"
work=$(mktemp -d /tmp/onboard-image.XXXXXX)
chmod 755 "$work"
registry=
clean_up()
{
	[ -z "$registry" ] || { kill "$registry" && wait "$registry"; } 2>/dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

count=0
failed=0
# Run a check and print its result: check NAME FUNCTION.
check()
{
	count=$((count + 1))
	# A subshell of its own, because set -e does not apply to a condition.
	set +e
	(set -e; "$2") >"$cache/log/$2" 2>&1 </dev/null
	status=$?
	set -e
	if [ "$status" -eq 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		tail -n 40 "$cache/log/$2" | sed 's/^/# /'
		failed=1
	fi
}

as_user()
{
	setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$work" TMPDIR="$work/tmp" "$@"
}

sha256()
{
	echo "sha256:$(sha256sum | cut -d ' ' -f 1)"
}

# Install the tools, and make the image and what the checks share.
prepare()
{
	# shellcheck disable=SC2086
	test/install_packages.sh $packages
	make -s image
	digest=$(cat build/image/digest)
	version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" onboard.control)
	layout=oci:build/image/oci:$version
	mkdir "$work/tmp"
	chmod 1777 "$work/tmp"
}

# ----- the tools -----

skopeo_reads()
{
	[ "$(skopeo inspect --raw "$layout" | sha256)" = "$digest" ]
	skopeo inspect --raw "$layout" | grep -q '"mediaType":"application/vnd.oci.image.manifest.v1+json"'
	[ "$(skopeo inspect --format '{{.Digest}}' oci-archive:build/image/onboard.tar)" = "$digest" ]
	skopeo inspect --config "$layout"
}

umoci_unpacks()
{
	umoci unpack --image "build/image/oci:$version" "$work/bundle"
	test/aws/confine.sh "$work/bundle/rootfs" /var/task/bootstrap --version
	cmp glue/bootstrap "$work/bundle/rootfs/var/task/bootstrap"
}

bill_is_valid()
{
	. glue/deploy/checks/environment.sh
	"$environment/bin/pyspdxtools" --infile build/image/sbom.spdx.json
}

# ----- the registry -----

# Unpack the registry without installing it, because its package starts a service on all addresses.
unpack_registry()
{
	[ ! -x "$cache/registry/usr/bin/docker-registry" ] || return 0
	mkdir -p "$cache/packages"
	chmod 777 "$cache/packages"
	(cd "$cache/packages" && apt-get download -q docker-registry)
	dpkg-deb -x "$cache"/packages/docker-registry_*.deb "$cache/registry"
}

# Start a registry on a free port of loopback; set $registry and $address.
start_registry()
{
	address=127.0.0.1:$(/usr/bin/python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	cat >"$work/registry.yml" <<-CONFIGURATION
		version: 0.1
		storage: {filesystem: {rootdirectory: $work/registry}}
		http: {addr: "$address"}
	CONFIGURATION
	"$cache/registry/usr/bin/docker-registry" serve "$work/registry.yml" >"$cache/log/registry" 2>&1 &
	registry=$!
	until curl --silent --fail --noproxy '*' --output /dev/null "http://$address/v2/"; do
		kill -0 "$registry"
		sleep 0.1
	done
}

registry_keeps_digest()
{
	local target=docker://$address/onboard pushed
	skopeo copy --quiet --dest-tls-verify=false "$layout" "$target:$version"
	skopeo copy --quiet --dest-tls-verify=false oci-archive:build/image/onboard.tar "$target:archive"
	for pushed in "$target:$version" "$target:archive" "$target@$digest"; do
		[ "$(skopeo inspect --tls-verify=false --raw "$pushed" | sha256)" = "$digest" ]
	done
}

# ----- the Dockerfile -----

build()
{
	buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"
}

label()
{
	skopeo inspect --config "$layout" | /usr/bin/python3 -c 'import json, sys
print(json.load(sys.stdin)["config"]["Labels"].get("org.opencontainers.image." + sys.argv[1], ""))' "$1"
}

dockerfile_makes_the_same()
{
	local base=$cache/debian-12 container created
	created=$(label created)
	test/majors/debian_root.sh "$base" bookworm
	# The archives of this system, so that the versions of packages are the same if it is up to date.
	apt-get indextargets --format "deb \$(REPO_URI) \$(CODENAME) \$(COMPONENT)" 'Created-By: Packages' | sort -u \
		>"$base/etc/apt/sources.list"
	container=$(build from scratch)
	build add --quiet "$container" "$base" /
	build commit --quiet "$container" localhost/debian:12
	build rm "$container"
	build bud --isolation chroot --pull-never --build-arg BASE=localhost/debian:12 --tag localhost/onboard \
		--build-arg "VERSION=$version" --build-arg "REVISION=$(label revision)" --build-arg "CREATED=$created" \
		--build-arg "SOURCE_DATE_EPOCH=$(date --date "$created" +%s)" -f glue/deploy/image/Dockerfile .
	build push --quiet localhost/onboard "oci:$work/built:$version"
	/usr/bin/python3 -B test/aws/image_root.py compare build/image/oci "$work/built"
}

# ----- the functions in it -----

unpack_for_tests()
{
	test/temp_install.sh "$work/pg" >/dev/null
	/usr/bin/python3 -B test/aws/image_root.py unpack build/image/oci "$work/image"
	chown -R postgres:postgres "$work/pg" "$work/image"
	cmp "$work/pg/usr/local/lib/onboard/bootstrap" "$work/image/root/var/task/bootstrap"
}

in_image()
{
	as_user env PATH="$work/pg/bin:$PATH" ONBOARD_BIN="$work/pg/usr/local/bin/onboard" ONBOARD_PG_BINDIR="$work/pg/bin" \
		ONBOARD_BOOTSTRAP="$work/image/bootstrap" BUILD="$work/tmp/unit" \
		ONBOARD_TEST_ENVIRONMENT="${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}" "$@"
}

whole_files() { in_image test/run_aws.sh test_whole_files.py; }
runtime() { in_image test/run_tap.sh "$work/tmp/tap" 052_runtime; }

prepare
check 'skopeo reads one manifest, in the folder and in the archive' skopeo_reads
check 'umoci unpacks it, and its program is the installed one' umoci_unpacks
check 'the bill of materials is valid SPDX' bill_is_valid
unpack_registry
start_registry
check 'a registry keeps its digest' registry_keeps_digest
check 'the Dockerfile makes the same files' dockerfile_makes_the_same
check 'the tests of whole files and of the runtime can use it' unpack_for_tests
check 'whole files pass through functions in it' whole_files
check 'the runtime works in it' runtime
echo "1..$count"
exit $failed
