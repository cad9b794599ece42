# Compare signatures of AWS requests with botocore's, on new random requests in
# every run.
#
# The requests come from test/aws/make_vectors.py, which needs a Python with
# botocore: the one in the environment of the AWS tests, else the one on PATH.
# Without it the test is skipped; test/unit/sigv4_test.c compares with stored
# signatures.  ONBOARD_SEED repeats a run.

use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use IPC::Run qw(run);
use JSON::PP;
use Test::More;

my $root = dirname(dirname(dirname(abs_path(__FILE__))));
my $build = $ENV{BUILD} // "/tmp/onboard-unit-$>";
my $requests = 1500;
my $shown = 5;

sub find_python
{
	my $environment = $ENV{ONBOARD_TEST_ENVIRONMENT} // "$root/build/aws-environment";

	for my $python ("$environment/bin/python", 'python3')
	{
		my $output;
		return $python
		  if eval { run([ $python, '-c', 'import botocore' ], '>&', \$output) };
	}
	return;
}

my $python = find_python();
plan skip_all => 'no Python with botocore' unless defined $python;

my $seed = $ENV{ONBOARD_SEED} // int(rand(2**31));
note("repeat with ONBOARD_SEED=$seed");

my ($vectors, $results, $messages);
ok( run([ $python, "$root/test/aws/make_vectors.py", '--seed', $seed, '--headers', $requests,
			'--presigned', $requests ], '>', \$vectors, '2>', \$messages),
	"botocore signs (seed $seed)")
  or diag($messages);
make_path($build);
# Another test may build there concurrently.
ok(run([ 'flock', "$build/lock", 'make', '-s', '-C', "$root/test/unit", 'sign_requests', 'CC=gcc', "BUILD=$build" ],
		'>&', \$messages), 'the signing program builds')
  or diag($messages);
ok(run([ "$build/gcc/sign_requests" ], '<', \$vectors, '>', \$results, '2>', \$messages),
	'and signs')
  or diag($messages);

my $json = JSON::PP->new->utf8;
my ($about, @lines) = split /\n/, $vectors;
my @signed = split /\n/, $results;
note('requests made by ' . $json->decode($about)->{made_by});
is(scalar @signed, 2 * $requests, 'every request is signed');

my %count;
my $differing = 0;
for my $i (0 .. $#lines)
{
	my $request = $json->decode($lines[$i]);

	$count{ $request->{kind} }{ $request->{service} }++;
	next if ($signed[$i] // '') eq "$request->{signed_headers} $request->{signature}";
	$differing++;
	diag("got $signed[$i] for $lines[$i]") if $differing <= $shown;
}
is($differing, 0, 'all signatures match');
for my $kind ('headers', 'presigned')
{
	is(scalar keys %{ $count{$kind} }, 5, "$kind: "
		  . join(', ', map { "$_ $count{$kind}{$_}" } sort keys %{ $count{$kind} }));
}

done_testing();
