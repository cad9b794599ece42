# How long a test waits: until a state is reached, with a limit that only a hang
# reaches.
#
# No test expects anything to be done sooner, because the machine may be busy.  The
# limit is also $PostgreSQL::Test::Utils::timeout_default; test/environment.sh sets
# it for all tests.

package Patience;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Time::HiRes qw(sleep time);

our @EXPORT = qw(HANG_SECONDS wait_until);

use constant HANG_SECONDS => $ENV{PG_TEST_TIMEOUT_DEFAULT} || 900;
use constant PAUSE_SECONDS => 0.02;

# Check a condition again and again until it is true; dies if it never is.
sub wait_until
{
	my ($reached, $what) = @_;
	my $end = time + HANG_SECONDS;

	until ($reached->())
	{
		die "not reached in @{[ HANG_SECONDS ]} s: $what" if time > $end;
		sleep PAUSE_SECONDS;
	}
	return;
}

1;
