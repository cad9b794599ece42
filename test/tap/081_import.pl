# Imports that are interrupted at any point: the workflow of glue/import with its
# real COPY sink, against a real server.  import_driver.c has the cases; each line
# that it prints is a test here.

use strict;
use warnings FATAL => 'all';

use File::Path qw(make_path);
use FindBin;
use IPC::Run qw(run);
use lib $FindBin::Bin;
use OnboardTest;
use Test::More;

my $build = $ENV{BUILD} // "/tmp/onboard-unit-$>";
my $node = new_server('import');

add_database($node, 'shop', 'V');

my ($output, $messages);

make_path($build);
# Other tests build there, too.
ok(run([ 'flock', "$build/lock", 'make', '-s', '-C', source_root() . '/test/unit', 'import_driver', 'CC=gcc',
		"BUILD=$build" ], '>&', \$messages), 'the program is built')
  or diag($messages);
run([ "$build/gcc/import_driver", $node->connstr('shop') . ' user=loader' ], '>', \$output, '2>', \$messages);
is($?, 0, 'it ends well') or diag($messages);
for my $line (split /\n/, $output)
{
	if (my ($result, $name) = $line =~ /^(ok|not ok) \d+ - (.*)/)
	{
		ok($result eq 'ok', $name);
	}
	else
	{
		note($line);
	}
}
$node->stop;
done_testing();
