#!/bin/sh
# Run all or some of the project's tests, for make check, make check-regress and so on.
#
#	test/check.sh [STEP ...]
#	TESTS="validate ingest" test/check.sh regress
#
# The steps are lint, unit, unit-clang, regress, isolation, pgtap, tap, root and aws. Step
# root runs the tests that need root, and skips them if not run as root. With a single
# step, TESTS selects tests by file name, without folder and extension, and the output is
# shown immediately.
#
# Everything happens in a copy of the tree and a private copy of PostgreSQL in one
# temporary directory. If called as root, the directory belongs to an unprivileged user,
# because PostgreSQL does not run as root. Nothing is installed, ports are opened only on
# loopback, and the directory is removed at the end unless a step failed. No step leaves a
# temporary file.
#
# Two lanes of about the same length run in parallel, one with the unit tests, which
# compile, and one with steps that wait; each lane runs its steps one after another.
# After the steps tap and aws, the roles of the functions are compared with what these
# called. The last line counts the checks; see results.pl.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
environment=${ONBOARD_TEST_ENVIRONMENT:-$root/build/aws-environment}
all_steps='lint unit unit-clang regress isolation pgtap tap root aws'
steps=${*:-$all_steps}
for step in $steps; do
	case " $all_steps " in
		*" $step "*) ;;
		*) echo "Unknown step \"$step\"; the steps are: $all_steps." >&2; exit 2 ;;
	esac
done
if [ -n "${TESTS:-}" ] && [ $# -ne 1 ]; then
	echo 'TESTS requires exactly one step.' >&2
	exit 2
fi
# Show the output of a single step only; that of several would be mixed up.
watched=
[ $# -ne 1 ] || watched=yes
[ $# -gt 0 ] || echo 'Running all tests takes less than twenty minutes on two idle cores.'
work=$(mktemp -d /tmp/onboard-check.XXXXXX)

as_user()
{
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	else
		"$@"
	fi
}

clean_up()
{
	[ -z "$finished" ] || rm -rf "$work"
}
finished=
trap clean_up EXIT
# A lane in the background does not receive signals from the keyboard.
trap 'trap "" TERM; kill -TERM 0; exit 130' INT TERM

prepare()
{
	mkdir -p "$work/tree" "$work/home" "$work/log" "$work/out/unit" "$work/tmp" "$work/calls"
	tar -C "$root" --exclude=./.git --exclude=./build -cf - . | tar -C "$work/tree" -xf -
	"$root/test/temp_install.sh" "$work/pg" >/dev/null
	if [ "$(id -u)" -eq 0 ]; then
		chown -R postgres:postgres "$work"
	fi
	# A tree in a home directory may be inaccessible to the user.
	if ! as_user test -x "$environment/bin/python" && [ -d "$environment" ]; then
		cp -r "$environment" "$work/environment"
		environment=$work/environment
	fi
}

# Show a log while it is written, until stop_showing. This is not a pipe, because a server
# that a test leaves running would keep it open.
show()
{
	: >"$1"
	tail -n +1 -f "$1" &
	viewer=$!
}

stop_showing()
{
	# tail shows the last lines with a delay.
	sleep 1
	kill "$viewer"
	wait "$viewer" 2>/dev/null || true
}

# Run one step and print its result. RESULTS is the file or folder with its TAP output:
# the log, or $work/out/STEP.tap.
run_step()
{
	step=$1
	changing_user=$2
	results=$3
	shift 3
	log=$work/log/$step
	start=$(date +%s)
	status=0
	[ -z "$watched" ] || show "$log"
	$changing_user env HOME="$work/home" TMPDIR="$work/tmp" PATH="$work/pg/bin:$PATH" \
		ONBOARD_BIN="$work/pg/usr/local/bin/onboard" \
		ONBOARD_BOOTSTRAP="$work/pg/usr/local/lib/onboard/bootstrap" \
		BUILD="$work/out/unit" ONBOARD_TEST_ENVIRONMENT="$environment" ONBOARD_TEST_CALLS="$work/calls" \
		PERL_TEST_HARNESS_DUMP_TAP="$work/out/$step.tap" \
		"$@" >"$log" 2>&1 || status=$?
	[ -z "$watched" ] || stop_showing
	line=$(test/results.pl "$step" "$status" "$work/records" "$results")
	echo "$line  ($(($(date +%s) - start)) s)"
	case $line in
		*FAILED*) show_failures ;;
	esac
}

# Show the failures of the step that just ended.
show_failures()
{
	# The output of a single step was already shown, except for differences.
	if [ -z "$watched" ]; then
		sed -n "s/^failed\t$step\t/not ok: /p" "$work/records"
		grep -rhaE -A 20 '^ *(not ok|#   Failed)' "$log" "$results" | head -n 200
		tail -n 40 "$log"
	fi
	for diffs in "$work/out/$step/regression.diffs" "$work/out/$step/output_iso/regression.diffs"; do
		if [ -f "$diffs" ]; then head -n 200 "$diffs"; fi
	done
}

# Run the requested steps of a lane.
# shellcheck disable=SC2086
run_lane()
{
	for step in "$@"; do
		case " $steps " in
			*" $step "*) ;;
			*) continue ;;
		esac
		log=$work/log/$step
		out=$work/out/$step
		tests=${TESTS:-}
		case $step in
			# The private copy has no headers.
			lint) run_step lint as_user "$log" env PATH="$PATH" test/lint.sh ;;
			# Tests of other steps build programs there, too, hence the lock.
			unit) run_step unit as_user "$work/out/unit/gcc/results" env PATH="$PATH" flock "$work/out/unit/lock" \
				make -s -j"$(nproc)" -C test/unit check CC=gcc ${tests:+"TESTS=$tests"} ;;
			unit-clang) run_step unit-clang as_user "$work/out/unit/clang/results" env PATH="$PATH" \
				make -s -j"$(nproc)" -C test/unit check CC=clang ${tests:+"TESTS=$tests"} ;;
			regress) run_step regress as_user "$log" test/run_regress.sh "$out" $tests ;;
			isolation) run_step isolation as_user "$log" test/run_isolation.sh "$out" $tests ;;
			pgtap) run_step pgtap as_user "$out.tap" test/run_pgtap.sh "$out" $tests ;;
			tap) run_step tap as_user "$out.tap" test/run_tap.sh "$out" $tests ;;
			root) run_step root '' "$out.tap" prove test/tap/root/*.pl ;;
			aws) run_step aws as_user "$out.tap" test/run_aws.sh $tests ;;
		esac
	done
}

# Check, as a step of its own, that no step left a temporary file.
check_temporary_files()
{
	left=$(ls -A "$work/tmp")
	{
		echo 1..1
		[ -z "$left" ] || printf 'not '
		echo 'ok 1 - no temporary file is left'
		[ -z "$left" ] || echo "$left" | sed 's/^/# left: /'
	} >"$work/log/leftovers"
	test/results.pl leftovers 0 "$work/records" "$work/log/leftovers"
	grep '^#' "$work/log/leftovers" || true
}

# Compare the roles of the functions with what these called, which all tests of the steps
# tap and aws together have recorded.
check_privileges()
{
	case " $steps " in
		*' tap '*) ;;
		*) return 0 ;;
	esac
	case " $steps " in
		*' aws '*) run_step privileges as_user "$work/log/privileges" \
			"$environment/bin/python" -B glue/deploy/checks/privileges.py "$work/calls" ;;
	esac
}

prepare
cd "$work/tree"
run_lane unit unit-clang aws &
compiling=$!
run_lane regress isolation pgtap tap root lint
wait "$compiling"
check_privileges
check_temporary_files

echo
if summary=$(test/results.pl --summary "$work/records"); then
	finished=yes
else
	echo "Logs are in $work/log."
fi
echo "$summary"
[ -n "$finished" ]
