# What the run_*.sh scripts have in common; to be sourced.
#
# How long a test waits for a state, in seconds: a bound that only a hang reaches,
# however busy the machine is.  No test expects anything to be done sooner.  It is
# PG_TEST_TIMEOUT_DEFAULT for tests in Perl and Python; the other two are what
# pg_ctl, pg_regress and isolationtester know.
: "${PG_TEST_TIMEOUT_DEFAULT:=900}"
PGCTLTIMEOUT=$PG_TEST_TIMEOUT_DEFAULT
PGISOLATIONTIMEOUT=$PG_TEST_TIMEOUT_DEFAULT
export PG_TEST_TIMEOUT_DEFAULT PGCTLTIMEOUT PGISOLATIONTIMEOUT

# Files of tests at once.  A test waits for most of its time, and has servers of its
# own: more than there are processors.
TEST_JOBS=${ONBOARD_TEST_JOBS:-$((2 * $(nproc)))}

refuse_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		echo "PostgreSQL does not run as root; try: setpriv --reuid=postgres --regid=postgres --clear-groups $0 $*" >&2
		exit 1
	fi
}
