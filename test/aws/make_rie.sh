#!/bin/sh
# Build the official runtime interface emulator of AWS Lambda, where Go and its
# registry can: it is wanted by one test, which is skipped without it.
#
#	test/aws/make_rie.sh
#
# It goes to build/aws-lambda-rie in this tree, or where ONBOARD_TEST_RIE says.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
program=${ONBOARD_TEST_RIE:-$root/build/aws-lambda-rie}
package=github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@latest

if [ -x "$program" ]; then
	exit 0
fi
if ! command -v go >/dev/null; then
	echo "There is no Go here, so the test with aws-lambda-rie is skipped."
	exit 0
fi
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
if GOBIN="$work/bin" GOPATH="$work/path" GOCACHE="$work/cache" timeout 120 go install "$package" >"$work/log" 2>&1; then
	mkdir -p "$(dirname "$program")"
	cp "$work/bin/aws-lambda-rie" "$program"
else
	tail -n 1 "$work/log"
	echo "Could not build aws-lambda-rie, so the test with it is skipped."
fi
