#!/bin/sh
# Run the checks of a deployment that take other tools or root, for make check-deploy.
#
#	glue/deploy/check.sh [CHECK ...]
#
# The checks are templates, actions, and the executable files of glue/deploy/checks/ without
# their extensions; glue/deploy/checks/README.md says what each is for. Run as root, after
# make all and the tests' packages and environment (make deps-test).
#
# Each check prints TAP. This prints a line for each, and at the end what failed, what was
# skipped and why, and what the checks left out. The logs of a failed run are kept.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
if [ "$(id -u)" -ne 0 ]; then
	echo "The checks make root folders and network namespaces, which requires root; try: sudo $0 $*" >&2
	exit 1
fi
cd "$root"
all_checks='templates actions'
for path in glue/deploy/checks/*; do
	name=$(basename "$path")
	if [ -f "$path" ] && [ -x "$path" ]; then all_checks="$all_checks ${name%.*}"; fi
done
checks=${*:-$all_checks}
for check in $checks; do
	case " $all_checks " in
		*" $check "*) ;;
		*) echo "Unknown check \"$check\"; the checks are: $all_checks." >&2; exit 2 ;;
	esac
done
. glue/deploy/checks/environment.sh
work=$(mktemp -d /tmp/onboard-check-deploy.XXXXXX)
trap 'exit 130' INT TERM

# Run a check; its TAP is the log.
run()
{
	case $1 in
		templates)
			"$environment/bin/python" test/aws/tests/run.py test/aws/tests/test_templates.py
			;;
		actions) "$environment/bin/python" -B glue/deploy/checks/actions.py ;;
		*) "$(find glue/deploy/checks -name "$1.*" -perm -u+x)" ;;
	esac
}

for check in $checks; do
	log=$work/$check
	start=$(date +%s)
	status=0
	run "$check" >"$log" 2>"$log.errors" </dev/null || status=$?
	echo "$(test/results.pl "$check" "$status" "$work/records" "$log")  ($(($(date +%s) - start)) s)"
	if [ "$status" -ne 0 ]; then
		grep -aE -A 20 '^not ok' "$log" | head -n 200 || true
		tail -n 20 "$log.errors"
	fi
done

echo
if summary=$(test/results.pl --summary "$work/records"); then status=0; else status=1; fi
# A check says in a comment what it does without.
if left_out=$(grep -ahE '^# .* is left out: ' "$work"/*); then
	echo 'Left out:'
	echo "$left_out" | sed 's/^#/ /'
	echo
fi
echo "$summary"
if [ "$status" -eq 0 ]; then rm -rf "$work"; else echo "Logs are in $work."; fi
exit "$status"
