#!/bin/sh
# Make a Python environment, unless it is there already: that of the AWS tests, or another.
#
#	test/aws/make_environment.sh [REQUIREMENTS FOLDER]
#
# That of the AWS tests goes to ONBOARD_TEST_ENVIRONMENT, by default
# build/aws-environment in this tree.  An environment holds exactly what its
# requirements pin.  A stamp inside says from which requirements and which Python it
# was made.  A first run takes about half a minute, and later ones nothing.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
requirements=${1:-$root/test/aws/requirements.txt}
environment=${2:-${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}}
# Debian's own: another one on PATH may be out of reach of the user who runs the tests.
python=/usr/bin/python3

# One at a time: the next one finds what the first has made.
mkdir -p "$(dirname "$environment")"
exec 9>"$environment.lock"
flock 9

wanted=$({ "$python" --version; cat "$requirements"; } | sha256sum | cut -d ' ' -f 1)
if [ -f "$environment/stamp" ] && [ "$(cat "$environment/stamp")" = "$wanted" ]; then
	exit 0
fi

# What is not such an environment is somebody's, and stays.
if [ -d "$environment" ] && [ ! -f "$environment/pyvenv.cfg" ] && [ -n "$(ls -A "$environment")" ]; then
	echo "$environment is there and is no Python environment; name another folder." >&2
	exit 1
fi
echo "Making the Python environment $environment"
rm -rf "$environment"
mkdir -p "$environment"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "$python" -m venv "$environment" &&
		"$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
			--require-hashes --only-binary :all: -r "$requirements"; } >"$log" 2>&1; then
	cat "$log"
	echo "Could not make the Python environment; see above." >&2
	exit 1
fi
chmod -R a+rX "$environment"
echo "$wanted" >"$environment/stamp"
