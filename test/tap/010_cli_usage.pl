# Help texts, usage errors and their exit codes.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();

my @commands = (
	'load', 'check', 'diff', 'status', 'report', 'undo', 'held', 'approve', 'decline', 'history', 'mail',
	'template',
	'vendor add', 'vendor list', 'vendor show', 'vendor set', 'vendor set-status', 'category add', 'category list',
	'category rename', 'category deactivate', 'category remove', 'doctor', 'conninfo', 'psql', 'stop');

# Help and version everywhere
my ($out, $err) = is_exit(0, 'onboard --help', '--help');
like($out, qr/^  \Q$_\E\s+\S/m, "the list of commands has $_") for @commands;
like($out, qr/^  $_  \S/m, "exit code $_ is documented") for 0 .. 4;
for my $command (@commands)
{
	my @words = split / /, $command;

	($out) = is_exit(0, "onboard $command --help", @words, '--help');
	like($out, qr/^Usage: onboard \Q$command\E/, "$command --help says how to use it");
	like($out, qr/--version/, "$command --help lists its options");
	like($out, qr/^Exit codes:/m, "$command --help has the exit codes");
	unlike($out, qr/.{81}/, "$command --help fits into 80 columns");
	is((run_onboard('help', @words))[1], $out, "help $command is the same");
	($out) = is_exit(0, "onboard $command --version", @words, '--version');
	like($out, qr/^onboard \d+\.\d+\.\d+$/, "$command --version");
}
is_exit(0, "onboard $_ --help", $_, '--help') for qw(vendor category);
like((run_onboard('help', 'load'))[1], qr/^Usage: onboard load FILE\.\.\. \[OPTION\]\.\.\.$/m,
	'the usage line names the value of an option');
like((run_onboard('help', 'psql'))[1], qr/^Usage: onboard psql \[OPTION\]\.\.\. \[-- ARGUMENT\.\.\.\]$/m,
	"and puts psql's arguments last");
{
	my ($help) = (run_onboard('help', 'vendor', 'add'))[1] =~ /^Options:\n(.*?)\n\n/ms;
	my %columns = map { /^(  .. *--\S+(?: [A-Z]+)? +)\S/ ? (length $1 => 1) : () } split /\n/, $help;

	is(scalar(keys %columns), 1, 'the descriptions of options are aligned');
}
($out) = is_exit(0, 'onboard --version', '--version');
like($out, qr/^onboard \d+\.\d+\.\d+\n$/, 'the version is one line');
is_exit(0, 'onboard -h', '-h');
is_exit(0, 'onboard -V', '-V');

# Usage errors: exit code 3, a one-line reason and a pointer to the help
sub is_usage_error
{
	my ($reason, @arguments) = @_;
	my ($code, $stdout, $stderr) = run_onboard(@arguments);

	is($code, 3, "onboard @arguments: exit code 3");
	like($stderr, $reason, "onboard @arguments: says why");
	is($stdout, '', "onboard @arguments: nothing on standard output");
	return;
}

is_usage_error(qr/Usage: onboard COMMAND/);
is_usage_error(qr/unknown command "laod"; did you mean "load"\?/, 'laod');
is_usage_error(qr/unknown command "frobnicate"/, 'frobnicate');
is_usage_error(qr/"onboard vendor" requires a command/, 'vendor');
is_usage_error(qr/unknown command "vendor lst"; did you mean "vendor list"\?/, 'vendor', 'lst');
is_usage_error(qr/"onboard load" requires FILE\.\.\./, 'load');
is_usage_error(qr/specify the vendor with --vendor; the file name "x\.csv" does not contain it/, 'load', 'x.csv');
is_usage_error(qr/"onboard vendor add" requires --name/, 'vendor', 'add', 'A');
is_usage_error(qr/option --file-name cannot be used with several files/, 'load', 'x.csv', 'y.csv', '--file-name', 'z.csv');
is_usage_error(qr/option --errors cannot be used with several files/, 'check', 'x.csv', 'y.csv', '--errors', 'z.csv');
is_usage_error(qr/unknown option --vendr; did you mean --vendor\?/, 'load', 'x.csv', '--vendr', 'A');
is_usage_error(qr/unknown option -z/, 'load', '-z');
is_usage_error(qr/option --vendor requires a value/, 'load', 'x.csv', '--vendor');
is_usage_error(qr/option --again does not take a value/, 'load', 'x.csv', '--again=yes');
is_usage_error(qr/too many arguments, starting with "y\.csv"/, 'report', 'x', 'y.csv');
is_usage_error(qr/option --max-rows takes a number, such as 20000 or 20k, not "many"/, 'load', 'x.csv', '--vendor', 'A',
	'--max-rows', 'many');
is_usage_error(qr/option --max-rows takes a number, such as 20000 or 20k, not "20KB"/, 'load', 'x.csv', '--vendor', 'A',
	'--max-rows', '20KB');
is_usage_error(qr/unknown option -c; options for psql itself go after "--": onboard psql -- \.\.\./, 'psql', '-c',
	'SELECT 1');
is_usage_error(qr/option --max-rows takes a number, .*not "-1"/, 'load', 'x.csv', '--vendor', 'A', '--max-rows', '-1');
is_usage_error(qr/option --max-bytes takes a size/, 'load', 'x.csv', '--vendor', 'A', '--max-bytes', '10X');
is_usage_error(qr/option --max-bytes takes a size/, 'load', 'x.csv', '--vendor', 'A', '--max-bytes', '99999999999G');
is_usage_error(qr/option --delimiter takes one ASCII character/, 'load', 'x.csv', '--vendor', 'A', '--delimiter', $_)
  for ';;', '"', '';
is_usage_error(qr/unknown option --again/, 'status', '--again');
is_usage_error(qr/not a connection string/, 'status', '--db', 'host=/tmp secret');
is_usage_error(qr/encoding "klingon" is not supported/,
	'load', "$data/faults/bom.csv", '--vendor', 'A', '--encoding', 'klingon');

# No message repeats a password in a connection string
for my $conninfo ('host=/nowhere password=s3cret-canary dbname=x', 'postgresql://u:s3cret-canary@/x?host=/nowhere',
	'postgres://u:s3cret-canary@[', 'password=s3cret-canary bad')
{
	my ($code, $stdout, $stderr) = run_onboard('status', '--retry-for', '0', '--db', $conninfo);

	cmp_ok($code, '>=', 3, 'an invalid connection string fails');
	unlike("$stdout$stderr", qr/s3cret-canary/, 'without revealing the password');
}

# The template works with every delimiter
($out) = is_exit(0, 'onboard template', 'template');
like($out, qr/^vendor_product_id,product_name,category,/, 'it begins with the header');
is(scalar(my @lines = split(/\n/, $out)), 2, 'and has one row');
($out) = is_exit(0, 'onboard template --delimiter', 'template', '--delimiter', 'tab');
like($out, qr/^vendor_product_id\tproduct_name\t/, 'with tabs');

# With --json, a usage error is a document as well
my ($code, $stdout) = run_onboard('load', "$data/faults/bom.csv", '--vendor', 'A', '--encoding', 'klingon', '--json');
is(json_of($stdout)->{error}{class}, 'usage', 'a usage error as JSON');

ok(!-e "$work/home", 'none of this created a private server');

done_testing();
