#!/usr/bin/perl
# Count test results from the tests' output.
#
#	test/results.pl STEP STATUS RECORDS FILE ...
#	test/results.pl --summary RECORDS
#
# The first form reads the FILEs of a step; a folder means all files under it. Each file
# is TAP or a log of pg_regress, which is not TAP before PostgreSQL 16. The results are
# appended to the file RECORDS and summarised on one line. STATUS is the exit status of
# the step.
#
# The second form prints the failed and skipped tests, with reasons, and then the line "N
# passed, N failed, N skipped". It exits with 1 if any test failed or none passed.
#
# Tests that prove nothing do not count as passed: a skipped test, a file that skips
# itself and a TODO test count as skipped; a plan that does not match, a nonzero status
# without a failed test, and a file without a result count as failed.

package Results;

use strict;
use warnings FATAL => 'all';

use File::Basename qw(basename);
use File::Find qw(find);
use TAP::Parser;

# The results of one file: the number of passed checks, and lists of the others.
sub new_counts { return { passed => 0, failed => [], skipped => [] } }

sub read_file
{
	my ($path) = @_;

	open my $file, '<:raw', $path or return '';
	local $/ = undef;
	return <$file> // '';
}

# Collapse whitespace: names and reasons are columns of RECORDS.
sub one_line
{
	my ($text) = @_;

	$text =~ s/\s+/ /g;
	$text =~ s/^ | $//g;
	return $text;
}

sub count_tap
{
	my ($text) = @_;
	my $counts = new_counts();
	my $parser = TAP::Parser->new({ tap => $text });

	while (my $result = $parser->next)
	{
		if ($result->is_bailout)
		{
			push @{ $counts->{failed} }, 'Bail out! ' . $result->explanation;
		}
		next unless $result->is_test;
		my $name = one_line($result->number . ' ' . $result->description);

		if ($result->has_skip || $result->has_todo)
		{
			push @{ $counts->{skipped} }, [ $name, ($result->has_todo ? 'TODO ' : '') . $result->explanation ];
		}
		elsif ($result->is_actual_ok)
		{
			$counts->{passed}++;
		}
		else
		{
			push @{ $counts->{failed} }, $name;
		}
	}
	push @{ $counts->{skipped} }, [ 'all of it', $parser->skip_all ] if $parser->skip_all;
	push @{ $counts->{failed} }, $parser->parse_errors;
	return $counts;
}

# Count the results in a log of pg_regress or pg_isolation_regress, with single and grouped tests.
sub count_regress
{
	my ($text) = @_;
	my $counts = new_counts();
	my $seen = 0;

	while ($text =~ /^(?:test| {4,})\s*(\S+)\s+\.\.\. (ok|FAILED|failed \(ignored\))/mg)
	{
		my ($name, $result) = ($1, $2);

		$seen++;
		$counts->{passed}++ if $result eq 'ok';
		push @{ $counts->{failed} }, $name if $result eq 'FAILED';
		push @{ $counts->{skipped} }, [ $name, $result ] if $result =~ /ignored/;
	}
	my ($announced) = $text =~ /^ (?:All|\d+ of) (\d+) tests /m;

	push @{ $counts->{failed} }, 'the log does not end with the number of tests' if $seen && !defined $announced;
	push @{ $counts->{failed} }, "the log announces $announced tests but has results for $seen"
	  if defined $announced && $announced != $seen;
	return $counts;
}

sub count_file
{
	my ($text) = @_;
	my $counts = $text =~ /^=+ (?:creating|running|shutting)/m ? count_regress($text) :
	  $text =~ /\S/ ? count_tap($text) : new_counts();

	push @{ $counts->{failed} }, 'no result was printed'
	  unless $counts->{passed} || @{ $counts->{failed} } || @{ $counts->{skipped} };
	return $counts;
}

# Return the files and those under the folders, sorted.
sub files_of
{
	my @files;

	for my $path (@_)
	{
		find({ no_chdir => 1, wanted => sub { push @files, $_ if -f } }, $path) if -d $path;
		push @files, $path unless -d $path;
	}
	return sort @files;
}

sub count_step
{
	my ($step, $status, $records, @paths) = @_;
	my @files = files_of(@paths);
	my ($passed, @failed, @skipped) = (0);

	for my $path (@files)
	{
		my $counts = count_file(read_file($path));
		my $file = basename($path) =~ s/\.tap$//r;
		# The log of an entire step has the step's name.
		my $prefix = $file eq $step ? '' : "$file: ";

		$passed += $counts->{passed};
		push @failed, map { one_line("$prefix$_") } @{ $counts->{failed} };
		push @skipped, map { [ one_line("$prefix$_->[0]"), one_line($_->[1]) ] } @{ $counts->{skipped} };
	}
	push @failed, 'no result was printed' unless @files;
	push @failed, "it ended with status $status" if $status && !@failed;
	open my $file, '>>', $records or die "$records: $!\n";
	print $file map { join("\t", @$_) . "\n" } [ 'passed', $step, $passed ],
	  (map { [ 'failed', $step, $_ ] } @failed), (map { [ 'skipped', $step, @$_ ] } @skipped);
	close $file or die "$records: $!\n";
	printf "%-12s %-7s %5d passed, %d failed, %d skipped\n", $step, @failed ? 'FAILED' : 'ok', $passed,
	  scalar @failed, scalar @skipped;
	return 0;
}

sub print_summary
{
	my ($records) = @_;
	my $passed = 0;
	my (@failed, @skipped);

	for my $line (split /\n/, read_file($records))
	{
		my ($kind, $step, @rest) = split /\t/, $line;

		$passed += $rest[0] if $kind eq 'passed';
		push @failed, "  $step: $rest[0]\n" if $kind eq 'failed';
		push @skipped, "  $step: $rest[0]: " . ($rest[1] || 'no reason is given') . "\n" if $kind eq 'skipped';
	}
	print "Skipped:\n", @skipped, "\n" if @skipped;
	print "Failed:\n", @failed, "\n" if @failed;
	printf "%d passed, %d failed, %d skipped\n", $passed, scalar @failed, scalar @skipped;
	return @failed || !$passed ? 1 : 0;
}

sub main
{
	my @arguments = @_;

	return print_summary($arguments[1]) if @arguments == 2 && $arguments[0] eq '--summary';
	die "usage: results.pl STEP STATUS RECORDS FILE ...\n       results.pl --summary RECORDS\n"
	  unless @arguments >= 3 && $arguments[1] =~ /^\d+$/;
	return count_step(@arguments);
}

# test/tap/001_results.pl loads this file.
exit main(@ARGV) unless caller;
1;
