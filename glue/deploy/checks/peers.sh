#!/bin/bash
# Run the program against servers that others have written; peers.py has the tests.
#
#	glue/deploy/checks/peers.sh
#
# After make all and make deps-test. The peers: versitygw, an S3 server that verifies signatures; ElasticMQ, which
# enforces SQS's limits; and AWS's runtime interface emulator. Tests of a peer that cannot be installed are skipped. All
# listen on loopback. As root, the tests run as user postgres, because PostgreSQL does not run as root.
#
# Prints TAP. build/peers caches what is downloaded and built.
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
cache=$root/build/peers
environment=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}
versitygw=github.com/versity/versitygw/cmd/versitygw@v1.8.0
# It has no releases in the module proxy.
rie=github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@v0.0.0-20261030222936-bef5c4ba774d
elasticmq=1.7.1
copy_plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1

cd "$root"
mkdir -p "$cache"
work=$(mktemp -d /tmp/onboard-peers.XXXXXX)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Install a peer: install NAME VERSION FUNCTION. If that fails, NAME.missing has the reason.
install()
{
	local name=$1 version=$2
	[ "$(cat "$cache/$name.version" 2>/dev/null)" != "$version" ] || return 0
	rm -rf "${cache:?}/$name" "$cache/$name.version"
	if (set -e; "$3" "$version") >"$cache/$name.log" 2>&1; then
		rm -f "$cache/$name.missing"
		echo "$version" >"$cache/$name.version"
	else
		echo "$name $version could not be installed: $(grep -v '^ *$' "$cache/$name.log" | tail -n 1)" >"$cache/$name.missing"
	fi
}

# From its version 1.21 on, Go downloads the version that a module requires; checksums come from sum.golang.org.
install_with_go()
{
	command -v go || { echo 'there is no Go on PATH'; return 1; }
	GOTOOLCHAIN=auto GOBIN="$cache" GOPATH="$work/go" GOCACHE="$work/go-cache" GOFLAGS=-modcacherw go install "$1"
}

install_elasticmq()
{
	test/install_packages.sh default-jre-headless maven
	mkdir "$work/maven"
	cat >"$work/maven/pom.xml" <<-POM
		<project xmlns="http://maven.apache.org/POM/4.0.0">
		  <modelVersion>4.0.0</modelVersion>
		  <groupId>onboard</groupId> <artifactId>peers</artifactId> <version>1</version> <packaging>pom</packaging>
		  <dependencies>
		    <dependency>
		      <groupId>org.elasticmq</groupId> <artifactId>elasticmq-server_2.13</artifactId> <version>$1</version>
		    </dependency>
		  </dependencies>
		</project>
	POM
	mvn --batch-mode --quiet --strict-checksums --file "$work/maven/pom.xml" -Dmaven.repo.local="$work/maven/repository" \
		"$copy_plugin:copy-dependencies" -DoutputDirectory="$cache/elasticmq"
}

as_user()
{
	if [ "$(id -u)" -eq 0 ]; then
		chown -R postgres:postgres "$work"
		setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	else
		"$@"
	fi
}

install versitygw "$versitygw" install_with_go
install aws-lambda-rie "$rie" install_with_go
install elasticmq "$elasticmq" install_elasticmq

test/temp_install.sh "$work/pg" >/dev/null
mkdir -p "$work/tmp" "$work/unit"
as_user env PATH="$work/pg/bin:$PATH" HOME="$work" TMPDIR="$work/tmp" BUILD="$work/unit" ONBOARD_PEERS="$cache" \
	ONBOARD_BOOTSTRAP="$work/pg/usr/local/lib/onboard/bootstrap" "$environment/bin/python" test/aws/tests/run.py peers
