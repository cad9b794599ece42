# A progress bar and colours on a terminal, nothing of either anywhere else.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

BEGIN
{
	eval { require IO::Pty; 1 } or plan skip_all => 'no IO::Pty; install libio-pty-perl';
}

CliTest::setup();
add_vendor(qw(V W X));

my $rows = join '', map { "T-$_,Kettle,Kitchen,T-S$_," . ($_ % 1000 == 1 ? '-' : '') . "10.50,3\n" } 1 .. 150_000;
write_file('large.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity\n$rows");
my @load = ('load', 'large.csv', '--max-rows', '0', '--max-bytes', '0', '--no-reports', '--vendor');

# Run the program on a terminal of so many columns: (exit code, what it showed).
# When standard output goes to a file, that is not shown.
sub on_terminal
{
	my ($columns, $out, @arguments) = @_;
	my $pty = IO::Pty->new;
	my $child = fork() // die "cannot fork: $!";
	my $shown = '';

	if ($child == 0)
	{
		my $terminal = $pty->slave;

		close $pty;
		$terminal->set_winsize(25, $columns, 0, 0);
		open STDIN, '<', '/dev/null' or die;
		defined $out ? open(STDOUT, '>', $out) : open(STDOUT, '>&', $terminal) or die;
		open STDERR, '>&', $terminal or die;
		close $terminal;
		exec $CliTest::onboard, @arguments or POSIX::_exit(127);
	}
	$pty->close_slave;
	while (sysread $pty, my $bytes, 65536)
	{
		$shown .= $bytes;
	}
	waitpid $child, 0;
	return ($? >> 8, $shown);
}

# Where a program's lines begin anew, and the widest of them
sub widest
{
	my ($shown) = @_;
	my $widest = 0;

	$shown =~ s/\e\[[0-9;]*[A-Za-z]//g;
	utf8::decode($shown);
	for my $line (split /[\r\n]+/, $shown)
	{
		$widest = length $line if length $line > $widest;
	}
	return $widest;
}

$ENV{TERM} = 'xterm';
my ($code, $shown) = on_terminal(100, undef, @load, 'V');
is($code, 1, 'a load on a terminal');
like($shown, qr/Loading \xE2\x96/, 'shows a bar of blocks');
like($shown, qr/\d+%  [\d,]+ rows  [\d,]+ rows\/s/, 'with how far it is and the rate');
like($shown, qr/  (?:\d+ s|[\d:]+) left/, 'and the time that remains');
unlike($shown =~ s/.*\r\e\[K//sr, qr/Loading/, 'wipes it at the end');
like($shown, qr/\e\[32m\s+149,850  accepted/, 'and shows the result in colours');
cmp_ok(widest($shown =~ s/.*\e\[K//sr), '<', 100, 'the summary fits');

($code, $shown) = on_terminal(60, undef, @load, 'W');
is($code, 1, 'on a narrow terminal');
cmp_ok(widest($shown =~ s/\r\n.*//sr), '<', 80, 'the line is short');

{
	local $ENV{NO_COLOR} = '1';
	local $ENV{LC_ALL} = 'C';
	run_onboard('undo', $_) for split /\n/, CliTest::sql("SELECT upload_id FROM onboard.upload_history WHERE status <> 'failed'");
	($code, $shown) = on_terminal(100, undef, @load, 'X');
	like($shown, qr/Loading #*\.+ /, 'without UTF-8 the bar is of plain characters');
	unlike($shown, qr/\e\[[0-9;]*m/, 'NO_COLOR: no colours');
}

# Take out what is loaded, so that the same rows are good again.
sub undo_all
{
	CliTest::sql("SELECT onboard_undo_upload(upload_id) FROM onboard.upload_history WHERE status <> 'failed'");
	return;
}

# Standard output is not the terminal: bar there, result here without colours
undo_all();
($code, $shown) = on_terminal(100, "$work/out", @load, 'V', '--again');
like($shown, qr/Loading /, 'standard output in a file: the bar is on the terminal');
unlike($shown, qr/accepted/, 'the result is not');
like(read_file("$work/out"), qr/^\s+\d[\d,]*  accepted/m, 'but in the file');
unlike(read_file("$work/out"), qr/\e/, 'without colours');

undo_all();
($code, $shown) = on_terminal(100, undef, @load, 'V', '--again', '--quiet');
unlike($shown, qr/Loading/, '--quiet: no bar');

# A pipe or a file
undo_all();
my ($exit, $out, $err) = run_onboard(@load, 'V', '--again');
is($err, '', 'no terminal: nothing on standard error');
unlike($out, qr/[\e\r]/, 'and no control characters');

# Names that would command a terminal
my $name = "evil\e]0;title\x07\e[31m\xC2\x9B31m\xE2\x80\xAEname.csv";
write_file("$work/$name", "vendor_product_id,product_name,category,sku,price,stock_quantity\nN-1,\e[31mx,Ki\e[2Jtchen,N-S1,1\e[0m,3\n");
($code, $shown) = on_terminal(100, undef, 'load', "$work/$name", '--vendor', 'V', '--no-reports');
is($code, 1, 'a hostile name and hostile values');
$shown =~ s/\e\[(?:\d+m|K)//g;
unlike($shown, qr/[\x00-\x09\x0B\x0C\x0E-\x1F\x7F]|\xC2[\x80-\x9F]|\xE2\x80\xAE/, 'reach the terminal as question marks');
($code, $shown) = on_terminal(100, undef, 'status');
$shown =~ s/\e\[(?:\d+m|K)//g;
unlike($shown, qr/[\x00-\x09\x0B\x0C\x0E-\x1F\x7F]|\xC2[\x80-\x9F]|\xE2\x80\xAE/, 'in the list, too');
($code, $shown) = on_terminal(100, undef, 'status', '--json');
unlike($shown, qr/[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]|\xC2[\x80-\x9F]/, 'and escaped in JSON');
($code, $shown) = on_terminal(100, undef, 'load', "$work/\e[31mnothing", '--vendor', 'V');
$shown =~ s/\e\[(?:\d+m|K)//g;
unlike($shown, qr/[\x00-\x09\x0B\x0C\x0E-\x1F\x7F]/, 'messages are clean as well');

done_testing();
