#!/usr/bin/perl
# Check the includes of src/ and glue/ against the table of rooms in ARCHITECTURE.md. Also
# find include cycles, and headers that shadow a header of the system or of PostgreSQL.
# Print the problems; exit with 1 if there are any.
use strict;
use warnings;

use File::Basename;

chdir dirname(__FILE__) . '/..' or die "$!";

my %allowed;
my ($table) = slurp('ARCHITECTURE.md') =~ /^## Rooms\n(.*?)^#/ms;
$allowed{$1} = { map { $_ => 1 } split /[\s,]+/, $2 } while $table =~ m{^\| `([\w/]+)/` \|[^|]*\| ?([^|]*?) \|$}mg;
$allowed{src} or die "ARCHITECTURE.md has no table of rooms\n";

chomp(my $server = `pg_config --includedir-server` // '');
my @system = ('/usr/include', grep { $_ } $server);

my $problems = 0;
my %includes;
for my $file (map { glob } 'src/*.[ch]', 'src/*/*.[ch]', 'glue/*/*.[ch]')
{
	my $room = dirname($file);

	complain("$room/ is not in the table of rooms") unless $allowed{$room};
	if ($file =~ m{^\w+/(.*\.h)$})
	{
		complain("$file shadows $_/$1") for grep { -e "$_/$1" } @system;
	}
	for my $header (slurp($file) =~ /^#include "([^"]+)"/mg)
	{
		my ($target) = grep { -e } "src/$header", $file =~ /^src/ ? () : "glue/$header";

		next unless $target;
		push @{ $includes{ unit($file) } }, unit($target) if unit($file) ne unit($target);
		my $owner = dirname($target);
		complain("$file includes $header: $room/ may not use $owner/")
		  unless $owner eq $room || $allowed{$room}{ basename($owner) };
	}
}

# A file and its header form one unit. No unit may include itself, directly or indirectly.
my %state;
visit($_) for sort keys %includes;
exit($problems > 0);

sub visit
{
	my ($unit, @path) = @_;

	if (($state{$unit} // '') eq 'open')
	{
		shift @path while $path[0] ne $unit;
		complain('include cycle: ' . join(' -> ', @path, $unit));
	}
	return if $state{$unit};
	$state{$unit} = 'open';
	visit($_, @path, $unit) for @{ $includes{$unit} // [] };
	$state{$unit} = 'done';
	return;
}

sub unit { return $_[0] =~ s/\.[ch]$//r; }

sub complain
{
	print "$_[0]\n";
	$problems++;
	return;
}

sub slurp
{
	my ($path) = @_;

	open(my $file, '<', $path) or die "$path: $!";
	local $/ = undef;
	return scalar <$file>;
}
