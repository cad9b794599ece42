#!/bin/sh
# Run the tests of the AWS pipeline, test/aws/tests/test_*.py, and of onboard-aws,
# glue/deploy/tests/test_*.py, against emulated services, and those of the templates.
#
#	test/run_aws.sh [TEST.py ...]
#
# test/aws/make_environment.sh creates the Python environment in ONBOARD_TEST_ENVIRONMENT,
# by default build/aws-environment in this tree.
set -eu

. "$(dirname "$0")/environment.sh"

root=$(cd "$(dirname "$0")/.." && pwd)
environment=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}

if [ ! -x "$environment/bin/python" ]; then
	echo "No Python environment at $environment; run: make deps-test" >&2
	exit 1
fi
if [ $# -eq 0 ]; then
	set -- "$root"/test/aws/tests/test_*.py "$root"/glue/deploy/tests/test_*.py
else
	for test; do
		shift
		file=$(basename "$test" .py).py
		for folder in glue/deploy/tests test/aws/tests; do
			[ ! -f "$root/$folder/$file" ] || break
		done
		set -- "$@" "$root/$folder/$file"
	done
fi
exec prove --timer --jobs "$TEST_JOBS" --exec "$environment/bin/python $root/test/aws/tests/run.py" "$@"
