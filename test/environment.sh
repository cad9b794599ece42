# What the run_*.sh scripts have in common; to be sourced.
#
# How long a test waits for a state, in seconds: a limit that only a hang reaches,
# however busy the machine is.  No test expects anything to be done sooner.  Tests
# in Perl and Python read PG_TEST_TIMEOUT_DEFAULT; the other two are for pg_ctl,
# pg_regress and isolationtester.
: "${PG_TEST_TIMEOUT_DEFAULT:=900}"
PGCTLTIMEOUT=$PG_TEST_TIMEOUT_DEFAULT
PGISOLATIONTIMEOUT=$PG_TEST_TIMEOUT_DEFAULT
export PG_TEST_TIMEOUT_DEFAULT PGCTLTIMEOUT PGISOLATIONTIMEOUT

# How many test files run side by side: more than there are processors, because a
# test mostly waits, and has servers of its own.
TEST_JOBS=${ONBOARD_TEST_JOBS:-$((2 * $(nproc)))}

refuse_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		echo "PostgreSQL does not run as root; try: setpriv --reuid=postgres --regid=postgres --clear-groups $0 $*" >&2
		exit 1
	fi
}
