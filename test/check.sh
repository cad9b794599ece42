#!/bin/sh
# Run every test of the project: what make check does.
#
#	test/check.sh [STEP ...]
#
# Everything happens in a copy of the tree and a private copy of PostgreSQL below
# one temporary directory, owned by an unprivileged user when called as root,
# because a PostgreSQL server does not run as root.  Nothing is installed, no port
# is opened, and the directory is removed at the end unless a step failed.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d /tmp/onboard-check.XXXXXX)
environment=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}
steps="${*:-lint unit unit-clang regress isolation pgtap tap aws}"
passed=0
failed=0
failed_steps=

as_user()
{
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$work/home" "$@"
	else
		env HOME="$work/home" "$@"
	fi
}

clean_up()
{
	if [ -z "$failed_steps" ]; then
		rm -rf "$work"
	else
		echo "Logs are in $work/log."
	fi
}
trap clean_up EXIT

prepare()
{
	mkdir -p "$work/tree" "$work/home" "$work/log" "$work/out"
	tar -C "$root" --exclude=./.git --exclude=./build -cf - . | tar -C "$work/tree" -xf -
	"$root/test/temp_install.sh" "$work/pg" >/dev/null
	if [ "$(id -u)" -eq 0 ]; then
		chown -R postgres:postgres "$work"
	fi
	# A tree in somebody's home may be out of the user's reach.
	if ! as_user test -x "$environment/bin/python" && [ -d "$environment" ]; then
		cp -r "$environment" "$work/environment"
		environment=$work/environment
	fi
}

# Tests that passed and failed, read from the log: lines of pg_regress and TAP.
count()
{
	grep -cE "$1" "$2" || true
}

run_step()
{
	step=$1
	log=$work/log/$step
	start=$(date +%s)
	shift
	if as_user PATH="$work/pg/bin:$PATH" ONBOARD_BIN="$work/pg/usr/local/bin/onboard" \
		ONBOARD_BOOTSTRAP="$work/pg/usr/local/lib/onboard/bootstrap" \
		BUILD="$work/out/unit" ONBOARD_TEST_ENVIRONMENT="$environment" \
		ONBOARD_TEST_RIE="${ONBOARD_TEST_RIE:-$root/build/aws-lambda-rie}" "$@" >"$log" 2>&1; then
		result=ok
	else
		result=FAILED
		failed_steps="$failed_steps $step"
	fi
	good=$(count '^ *(ok [0-9]|test .* \.\.\. ok|ok +[0-9]+ +- |.*\.(pl|sql) \.+ ok)' "$log")
	bad=$(count '^ *(not ok|test .* \.\.\. FAILED|.*\.(pl|sql) \.+ .*(Dubious|Failed))' "$log")
	summed=$(sed -n 's/^.*: \([0-9]*\) passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
	good=$((good + summed))
	if [ "$result" = FAILED ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	printf '%-12s %-7s %5d passed, %d failed  (%d s)\n' "$step" "$result" "$good" "$bad" \
		$(($(date +%s) - start))
	if [ "$result" = FAILED ]; then
		tail -n 40 "$log"
		for diffs in "$work/out/$step/regression.diffs" "$work/out/$step/output_iso/regression.diffs"; do
			[ -f "$diffs" ] && head -n 200 "$diffs"
		done
	fi
	return 0
}

prepare
cd "$work/tree"
for step in $steps; do
	case $step in
		# The private copy has no headers.
		lint) run_step lint env PATH="$PATH" test/lint.sh ;;
		unit) run_step unit env PATH="$PATH" make -s -C test/unit check CC=gcc ;;
		unit-clang) run_step unit-clang env PATH="$PATH" make -s -C test/unit check CC=clang ;;
		regress) run_step regress test/run_regress.sh "$work/out/regress" ;;
		isolation) run_step isolation test/run_isolation.sh "$work/out/isolation" ;;
		pgtap) run_step pgtap test/run_pgtap.sh "$work/out/pgtap" ;;
		tap) run_step tap test/run_tap.sh "$work/out/tap" ;;
		aws) run_step aws test/run_aws.sh ;;
		*) echo "unknown step: $step" >&2; exit 2 ;;
	esac
done

echo
echo "$passed passed, $failed failed"
[ -z "$failed_steps" ]
