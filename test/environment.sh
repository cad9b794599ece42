# Settings shared by the run_*.sh scripts, which source this file.
#
# How long a test waits for a state, in seconds. Only a hang reaches this limit, however
# busy the machine is, and no test expects anything to happen sooner. Tests in Perl and
# Python read PG_TEST_TIMEOUT_DEFAULT; the other two variables are for pg_ctl, pg_regress
# and isolationtester.
: "${PG_TEST_TIMEOUT_DEFAULT:=900}"
PGCTLTIMEOUT=$PG_TEST_TIMEOUT_DEFAULT
PGISOLATIONTIMEOUT=$PG_TEST_TIMEOUT_DEFAULT
export PG_TEST_TIMEOUT_DEFAULT PGCTLTIMEOUT PGISOLATIONTIMEOUT

# How many test files run in parallel: more than the number of processors, because tests
# mostly wait. Each has its own servers.
# shellcheck disable=SC2034	# not every script uses it
TEST_JOBS=${ONBOARD_TEST_JOBS:-$((2 * $(nproc)))}

refuse_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		echo "PostgreSQL does not run as root; try: setpriv --reuid=postgres --regid=postgres --clear-groups $0 $*" >&2
		exit 1
	fi
}
