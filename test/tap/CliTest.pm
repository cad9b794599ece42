# Shared code of the command line tests: a private server in a temporary folder, and functions to run the program.
#
# The program is ONBOARD_BIN; PostgreSQL's programs (with the extension installed) are
# found on PATH. Everything is in one temporary folder that is removed at the end; the
# program itself stops the server.

package CliTest;

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

use Patience;

our @EXPORT = qw($onboard $work $data run_onboard start_onboard stop_when json_of sql
  add_vendor write_file read_file csv_rows conninfo is_exit is_refused slurp_output);

our $onboard = $ENV{ONBOARD_BIN} // dirname(__FILE__) . '/../../glue/onboard';
our $data = abs_path(dirname(__FILE__) . '/../data');
our $work;
my $runs = 0;
my $owner = $$;

sub find_bindir
{
	return $ENV{ONBOARD_PG_BINDIR} if $ENV{ONBOARD_PG_BINDIR};
	for my $folder (split /:/, $ENV{PATH})
	{
		return $folder if -x "$folder/initdb" && -x "$folder/postgres";
	}
	return;
}

sub setup
{
	my $bindir = find_bindir();

	plan skip_all => 'no program at ' . $onboard unless -x $onboard;
	plan skip_all => 'no initdb on PATH' unless defined $bindir;
	$onboard = abs_path($onboard);
	# An interrupted test stops its server, too.
	$SIG{TERM} = sub { exit 143 };
	$work = tempdir('onboard-test-XXXXXX', TMPDIR => 1, CLEANUP => 0);
	chmod 0755, $work;
	chdir $work or die "cannot enter $work: $!";
	delete @ENV{ grep { /^PG/ } keys %ENV };
	delete @ENV{qw(XDG_DATA_HOME NO_COLOR ONBOARD_TEST_MODE)};
	$ENV{ONBOARD_PG_BINDIR} = $bindir;
	$ENV{ONBOARD_HOME} = "$work/home";
	$ENV{TMPDIR} = $work;
	$ENV{LC_ALL} = 'C.UTF-8';
	return;
}

# Run the program; return (exit code, standard output, standard error). The last argument
# may be a hash: stdin (a path), env (a hash).
sub run_onboard
{
	my $process = start_onboard(@_);

	return slurp_output($process);
}

# Start the program; slurp_output() waits for it to end.
sub start_onboard
{
	my %options = ref $_[-1] eq 'HASH' ? %{ pop @_ } : ();
	my @arguments = @_;
	my $base = sprintf '%s/run-%04d', $work, ++$runs;
	my $child = fork() // die "cannot fork: $!";

	if ($child == 0)
	{
		%ENV = (%ENV, %{ $options{env} // {} });
		open STDIN, '<', $options{stdin} // '/dev/null' or die;
		open STDOUT, '>', "$base.out" or die;
		open STDERR, '>', "$base.err" or die;
		exec $onboard, @arguments or POSIX::_exit(127);
	}
	return { child => $child, base => $base };
}

# Stop a started program (SIGSTOP) repeatedly until it has reached a state, which is
# checked while it is stopped. Return whether it reached the state before it ended.
# SIGCONT resumes it.
sub stop_when
{
	my ($process, $reached) = @_;
	my $there = 0;

	wait_until(sub {
		kill 'STOP', $process->{child};
		$there = $reached->();
		return 1 if $there;
		kill 'CONT', $process->{child};
		return has_ended($process->{child});
	}, 'the program does what the test waits for');
	return $there;
}

# Return whether a child has ended; waitpid still returns its status.
sub has_ended
{
	my ($child) = @_;

	return read_file("/proc/$child/stat") =~ /.*\) [ZX]/s;
}

sub slurp_output
{
	my ($process) = @_;

	waitpid $process->{child}, 0;
	my $status = $?;
	return ($status & 127 ? "signal " . ($status & 127) : $status >> 8,
		read_file("$process->{base}.out"),
		read_file("$process->{base}.err"));
}

# Run the program and check the exit code; return the outputs.
sub is_exit
{
	my ($expected, $name, @arguments) = @_;
	my ($code, $out, $err) = run_onboard(@arguments);

	is($code, $expected, $name) or diag("stdout: $out\nstderr: $err");
	return ($out, $err);
}

# Run the program and check that it fails with this exit code and a message, and prints no result.
sub is_refused
{
	my ($expected, $reason, @arguments) = @_;
	my ($stdout, $stderr) = is_exit($expected, "onboard @arguments", @arguments);

	like($stderr, $reason, "onboard @arguments: says why");
	is($stdout, '', "onboard @arguments: prints nothing else");
	return;
}

sub json_of
{
	my ($text) = @_;
	my $document = eval { JSON::PP->new->utf8->decode($text) };

	diag("no JSON: $text") unless defined $document;
	return $document // {};
}

# Return the result of a query, with rows separated by line feeds and columns by bars.
sub sql
{
	my ($query) = @_;
	my ($code, $out, $err) = run_onboard('psql', '--', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', $query);

	die "query failed: $err" if $code ne '0';
	chomp $out;
	return $out;
}

# Return the records of a CSV text, as lists of cells, without a byte order mark.
sub csv_rows
{
	my ($text, $delimiter) = @_;
	my @rows = ([]);

	$text =~ s/\A\xEF\xBB\xBF//;
	while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^\Q$delimiter\E\r\n]*))(\Q$delimiter\E|\r\n|\n|\z)/gc)
	{
		my ($quoted, $plain, $end) = ($1, $2, $3);

		push @{ $rows[-1] }, defined $quoted ? $quoted =~ s/""/"/gr : $plain;
		last if pos($text) >= length $text;
		push @rows, [] if $end ne $delimiter;
	}
	return @rows;
}

sub conninfo
{
	my ($user) = @_;

	return "host=$work/home/run dbname=onboard user=" . ($user // 'onboard');
}

sub add_vendor
{
	for my $id (@_)
	{
		run_onboard('vendor', 'add', $id, '--name', "Vendor $id", '--email', lc($id) . '@example.com');
	}
	return;
}

sub write_file
{
	my ($name, $content) = @_;
	my $path = $name =~ m{^/} ? $name : "$work/$name";

	make_path(dirname($path));
	open my $file, '>:raw', $path or die "cannot write $path: $!";
	print $file $content;
	close $file or die "cannot write $path: $!";
	return $path;
}

sub read_file
{
	my ($path) = @_;

	open my $file, '<:raw', $path or return '';
	local $/ = undef;
	return <$file> // '';
}

END
{
	if (defined $work && $$ == $owner)
	{
		my $status = $?;

		run_onboard('stop') if -d "$ENV{ONBOARD_HOME}/data";
		chdir '/';
		File::Path::remove_tree($work);
		$? = $status;
	}
}

1;
