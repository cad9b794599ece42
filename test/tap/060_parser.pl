# The handler parser with a real server and the emulated services.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;
use RuntimeApi;

plan skip_all => 'no program at ' . RuntimeApi::program() unless -x RuntimeApi::program();

my $root = source_root();
my $python = ($ENV{ONBOARD_TEST_ENVIRONMENT} // "$root/build/aws-environment") . '/bin/python';
my $file = 'handler_parser.py';

plan skip_all => "no Python environment with $python; run: make deps-test" unless -x $python;

my $node = new_server('parser', "log_min_error_statement = panic\n");
add_database($node, 'shop', 'VEND001', 'VEND002', 'VEND003', 'VEND004');
$node->safe_psql('shop', "UPDATE onboard.vendors SET status = 'suspended' WHERE vendor_id = 'VEND004'");

# Run the tests of the Python file and report each as one of ours.
local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'shop',
	PGUSER => getpwuid($<) . '', PGDATA => $node->data_dir, ONBOARD_BOOTSTRAP => RuntimeApi::program(),
	ONBOARD_TEST_DATA => "$root/test/data",
	ONBOARD_TEST_FOLDER => PostgreSQL::Test::Utils::tempdir());
open my $tests, '-|', $python, "$root/test/aws/tests/run.py", $file or die "cannot run $file: $!";
while (my $line = <$tests>)
{
	chomp $line;
	if ($line =~ /^(not )?ok \d+ - (.*)/)
	{
		ok(!$1, $2);
	}
	elsif ($line =~ /^#/)
	{
		diag($line);
	}
}
close $tests;
is($?, 0, "$file ends with status 0");

done_testing();
