# Test test/results.pl, which counts results, with the output of tests.

use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

my $program = dirname(dirname(abs_path(__FILE__))) . '/results.pl';
my $folder = tempdir('onboard-results-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $number = 0;

sub write_file
{
	my ($name, $text) = @_;

	open my $file, '>', "$folder/$name" or die "$folder/$name: $!";
	print $file $text;
	close $file or die "$folder/$name: $!";
	return "$folder/$name";
}

# Return standard output and status of the program, which is loaded, not started.
sub run_program
{
	my @arguments = @_;
	my $out = '';

	open my $captured, '>', \$out or die "cannot write to memory: $!";
	my $standard = select $captured;
	my $status = Results::main(@arguments);
	select $standard;
	return ($out, $status);
}

# Check the summary of a step with the given file.
sub summary_of
{
	my ($status, @paths) = @_;
	my $records = "$folder/records-" . ++$number;

	run_program('step', $status, $records, @paths);
	return run_program('--summary', $records);
}

sub is_summary
{
	my ($text, $expected, $name, $status) = @_;
	my ($out, $code) = summary_of($status // 0, write_file('test.pl', $text));

	is($out, $expected, $name);
	is($code, $expected =~ /^Failed/m ? 1 : $expected =~ /^0 passed/m ? 1 : 0, 'with that status');
	return;
}

require $program;

# Passed tests
is_summary("ok 1 - a\nok 2 - b\n1..2\n", "2 passed, 0 failed, 0 skipped\n", 'checks are counted, not files');
is_summary("1..1\n    ok 1 - inner\n    ok 2 - inner\n    1..2\nok 1 - outer\n", "1 passed, 0 failed, 0 skipped\n",
	'a subtest is one check');
is_summary("# words\nwords\nok 1\n1..1\n", "1 passed, 0 failed, 0 skipped\n", 'other output is ignored');

# Skipped tests
is_summary("ok 1 - a\nok 2 # SKIP these need root\n1..2\n",
	"Skipped:\n  step: test.pl: 2: these need root\n\n1 passed, 0 failed, 1 skipped\n", 'a skip does not pass');
is_summary("1..0 # SKIP valgrind is not installed\n",
	"Skipped:\n  step: test.pl: all of it: valgrind is not installed\n\n0 passed, 0 failed, 1 skipped\n",
		'nor does a file that skips itself');
is_summary("ok 1 - a\nnot ok 2 - later # TODO not yet\nok 3 - sooner # TODO not yet\n1..3\n",
	"Skipped:\n  step: test.pl: 2 - later: TODO not yet\n  step: test.pl: 3 - sooner: TODO not yet\n\n"
		. "1 passed, 0 failed, 2 skipped\n", 'nor does a TODO test');
is_summary("ok 1 - a\nok 2 # skip\n1..2\n",
	"Skipped:\n  step: test.pl: 2: no reason is given\n\n1 passed, 0 failed, 1 skipped\n",
		'a skip without a reason counts as skipped');

# Failed tests
is_summary("ok 1 - a\nnot ok 2 - b\n#   Failed test 'b'\n1..2\n",
	"Failed:\n  step: test.pl: 2 - b\n\n1 passed, 1 failed, 0 skipped\n", 'a failed check', 1);
is_summary("1..3\nok 1\nok 2\n", "Failed:\n  step: test.pl: Bad plan. You planned 3 tests but ran 2.\n\n"
	. "2 passed, 1 failed, 0 skipped\n", 'a test that ends early');
is_summary("1..1\nok 1\nok 2\n", "Failed:\n  step: test.pl: Bad plan. You planned 1 tests but ran 2.\n\n"
	. "2 passed, 1 failed, 0 skipped\n", 'one with more checks than planned');
is_summary("ok 1\n", "Failed:\n  step: test.pl: No plan found in TAP output\n\n1 passed, 1 failed, 0 skipped\n",
	'one without a plan');
is_summary("ok 1\nBail out! no server\n1..1\n", "Failed:\n  step: test.pl: Bail out! no server\n\n"
	. "1 passed, 1 failed, 0 skipped\n", 'one that bails out');
is_summary('', "Failed:\n  step: test.pl: no result was printed\n\n0 passed, 1 failed, 0 skipped\n",
	'one that prints nothing');
is_summary("a word\n", "Failed:\n  step: test.pl: No plan found in TAP output\n\n0 passed, 1 failed, 0 skipped\n",
	'one that prints only other text');
is_summary("ok 1\n1..1\n", "Failed:\n  step: it ended with status 3\n\n1 passed, 1 failed, 0 skipped\n",
	'a status that no check explains', 3);
is_summary("not ok 1 - a\n1..1\n", "Failed:\n  step: test.pl: 1 - a\n\n0 passed, 1 failed, 0 skipped\n",
	'a failure is counted once', 1);
my ($out, $code) = summary_of(0);
is($out, "Failed:\n  step: no result was printed\n\n0 passed, 1 failed, 0 skipped\n", 'a step without files');
($out, $code) = summary_of(0, "$folder/none");
is($out, "Failed:\n  step: none: no result was printed\n\n0 passed, 1 failed, 0 skipped\n",
	'a file that does not exist');
mkdir "$folder/empty";
($out, $code) = summary_of(0, "$folder/empty");
is($out, "Failed:\n  step: no result was printed\n\n0 passed, 1 failed, 0 skipped\n", 'an empty folder');

# pg_regress of PostgreSQL 15
my $head = "============== creating temporary instance        ==============\n"
	. "============== running regression test queries        ==============\n";
is_summary($head . "test validate                     ... ok           12 ms\n"
	. "test ingest                       ... ok         1234 ms\n"
	  . "============== shutting down postmaster               ==============\n\n=====================\n"
		. " All 2 tests passed. \n=====================\n\n",
	"2 passed, 0 failed, 0 skipped\n", 'pg_regress');
is_summary($head . "parallel group (2 tests):  b a\n     a                            ... ok           12 ms\n"
	. "     b                            ... FAILED        5 ms\n"
	  . "\n======================\n 1 of 2 tests failed. \n======================\n",
	"Failed:\n  step: test.pl: b\n\n1 passed, 1 failed, 0 skipped\n", 'pg_regress with a failure, in a group', 1);
is_summary($head . "test a                            ... failed (ignored)       5 ms\n"
	. "test b                            ... ok       5 ms\n"
	  . "\n======\n 1 of 2 tests passed, 1 failed test(s) ignored. \n======\n",
	"Skipped:\n  step: test.pl: a: failed (ignored)\n\n1 passed, 0 failed, 1 skipped\n",
		'pg_regress with a failure that is ignored');
is_summary($head . "test a                            ... ok           12 ms\n",
	"Failed:\n  step: test.pl: the log does not end with the number of tests\n\n1 passed, 1 failed, 0 skipped\n",
		'pg_regress that was killed');
is_summary($head . "test a                            ... ok           12 ms\n All 2 tests passed. \n",
	"Failed:\n  step: test.pl: the log announces 2 tests but has results for 1\n\n1 passed, 1 failed, 0 skipped\n",
		'pg_regress with a result missing');
is_summary("============== creating temporary instance        ==============\npg_regress: initdb failed\n",
	"Failed:\n  step: test.pl: no result was printed\n\n0 passed, 1 failed, 0 skipped\n", 'pg_regress without a server',
		2);

# pg_regress of PostgreSQL 16 prints TAP
is_summary("# using temp instance on port 5\nok 1         - validate                                   12 ms\n"
	. "not ok 2     + ingest                                     34 ms\n1..2\n# 1 of 2 tests failed.\n",
	"Failed:\n  step: test.pl: 2 + ingest 34 ms\n\n1 passed, 1 failed, 0 skipped\n", 'pg_regress of 16', 1);

# Several steps, in the order in which they ended
my $records = "$folder/records";
mkdir "$folder/tap";
write_file('tap/b.pl', "1..0 # SKIP no b\n");
write_file('tap/a.pl', "ok 1\n1..1\n");
write_file('lint', "ok 1 - tabs\n1..1\n");
is((run_program('tap', 0, $records, "$folder/tap"))[0], "tap          ok          1 passed, 0 failed, 1 skipped\n",
	'a line for each step');
is((run_program('lint', 0, $records, "$folder/lint"))[0], "lint         ok          1 passed, 0 failed, 0 skipped\n",
	'and for another');
is((run_program('unit', 2, $records, "$folder/none"))[0], "unit         FAILED      0 passed, 1 failed, 0 skipped\n",
	'which may have failed');
($out, $code) = run_program('--summary', $records);
is($out, <<'END', 'and one summary');
Skipped:
  tap: b.pl: all of it: no b

Failed:
  unit: none: no result was printed

2 passed, 1 failed, 1 skipped
END
is($code, 1, 'with its status');
is(system("$^X $program --summary $records >$folder/out") >> 8, 1, 'the program exits with it');

done_testing();
