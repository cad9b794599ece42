# Wait until a state is reached, with a limit that only a hang reaches.
#
# No test expects anything to happen sooner, because the machine may be busy. The limit is
# also $PostgreSQL::Test::Utils::timeout_default; test/environment.sh sets it for all
# tests.

package Patience;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Time::HiRes qw(sleep time);

our @EXPORT = qw(HANG_SECONDS wait_until);

use constant HANG_SECONDS => $ENV{PG_TEST_TIMEOUT_DEFAULT} || 900;
use constant PAUSE_SECONDS => 0.02;

# Check a condition repeatedly until it is true; die if it is not true within the limit.
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
