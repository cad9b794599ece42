#!/bin/sh
# Run every test of the project: what make check does.
#
#	test/check.sh [STEP ...]
#
# The steps are lint, unit, unit-clang, regress, isolation, pgtap, tap and aws.
#
# Everything happens in a copy of the tree and a private copy of PostgreSQL below
# one temporary directory, owned by an unprivileged user when called as root,
# because a PostgreSQL server does not run as root.  Nothing is installed, no port
# is opened but on loopback, and the directory is removed at the end unless a step
# failed.
#
# Steps go side by side in two lanes, what compiles and what waits: each lane runs
# its steps one after another.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
environment=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}
all_steps='lint unit unit-clang regress isolation pgtap tap aws'
steps=${*:-$all_steps}
for step in $steps; do
	case " $all_steps " in
		*" $step "*) ;;
		*) echo "There is no step \"$step\"; there are: $all_steps." >&2; exit 2 ;;
	esac
done
work=$(mktemp -d /tmp/onboard-check.XXXXXX)

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
	if [ "$ended" = well ]; then
		rm -rf "$work"
	else
		echo "Logs are in $work/log."
	fi
}
ended=
trap clean_up EXIT
# A lane in the background does not hear the keyboard.
trap 'trap "" TERM; kill -TERM 0; exit 130' INT TERM

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

# Tests that passed or failed, read from the log: lines of pg_regress and TAP.
count()
{
	grep -cE "$1" "$2" || true
}

# Run one step and say how it went, on the terminal and as a line of $work/results.
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
	fi
	good=$(count '^ *(ok [0-9]|test .* \.\.\. ok|ok +[0-9]+ +- |.*\.(pl|sql) \.+ ok)' "$log")
	bad=$(count '^ *(not ok|test .* \.\.\. FAILED|.*\.(pl|sql) \.+ .*(Dubious|Failed))' "$log")
	summed=$(sed -n 's/^.*: \([0-9]*\) passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
	good=$((good + summed))
	if [ "$result" = FAILED ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	echo "$result $good $bad" >>"$work/results"
	printf '%-12s %-7s %5d passed, %d failed  (%d s)\n' "$step" "$result" "$good" "$bad" \
		$(($(date +%s) - start))
	if [ "$result" = FAILED ]; then
		grep -aE -A 12 '^ *(not ok|#   Failed)' "$log" | head -n 100
		tail -n 40 "$log"
		for diffs in "$work/out/$step/regression.diffs" "$work/out/$step/output_iso/regression.diffs"; do
			[ -f "$diffs" ] && head -n 200 "$diffs"
		done
	fi
	return 0
}

# Run those steps of a lane that are wanted.
run_lane()
{
	for step in "$@"; do
		case " $steps " in
			*" $step "*) ;;
			*) continue ;;
		esac
		case $step in
			# The private copy has no headers.
			lint) run_step lint env PATH="$PATH" test/lint.sh ;;
			unit) run_step unit env PATH="$PATH" make -s -j"$(nproc)" -C test/unit check CC=gcc ;;
			unit-clang) run_step unit-clang env PATH="$PATH" make -s -j"$(nproc)" -C test/unit check CC=clang ;;
			regress) run_step regress test/run_regress.sh "$work/out/regress" ;;
			isolation) run_step isolation test/run_isolation.sh "$work/out/isolation" ;;
			pgtap) run_step pgtap test/run_pgtap.sh "$work/out/pgtap" ;;
			tap) run_step tap test/run_tap.sh "$work/out/tap" ;;
			aws) run_step aws test/run_aws.sh ;;
		esac
	done
}

prepare
cd "$work/tree"
run_lane lint unit unit-clang aws &
compiling=$!
run_lane regress isolation pgtap tap
wait "$compiling"

echo
awk '{ good += $2; bad += $3 } END { print good + 0 " passed, " bad + 0 " failed"; exit bad > 0 }' "$work/results"
ended=well
