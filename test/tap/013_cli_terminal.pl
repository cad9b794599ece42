# Progress bars and colours appear only on a terminal, and all output fits its
# width.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Patience;
use Test::More;

BEGIN
{
	eval { require IO::Pty; 1 } or plan skip_all => 'no IO::Pty; install libio-pty-perl';
}

CliTest::setup();
add_vendor(qw(V W X));

my $rows = join '', map { "T-$_,Kettle,Kitchen,T-S$_," . ($_ % 1000 == 1 ? '-' : '') . "10.50,3\n" } 1 .. 20_000;
write_file('large.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity\n$rows");
my @load = ('load', 'large.csv', '--max-rows', '0', '--max-bytes', '0', '--no-reports', '--vendor');

# Run the program on a terminal with this many columns; returns its exit code
# and what it displayed, except standard output redirected to a file.
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

# Run the program while it is blocked: the products table is locked until the
# program has waited for longer than the first redraw of a bar takes.  So a bar
# appears, if enabled, however fast the machine is.
sub stalled
{
	my ($work) = @_;
	my $ms = HANG_SECONDS * 1000;
	my $holder = start_onboard('psql', '--', '-q', '-c', <<"SQL");
SET statement_timeout = $ms;
DO \$\$
BEGIN
	LOCK TABLE onboard.products IN ACCESS EXCLUSIVE MODE;
	WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'onboard.products'::regclass AND NOT granted) LOOP
		PERFORM pg_sleep(0.01);
	END LOOP;
	PERFORM pg_sleep(0.3);
END \$\$;
SQL
	wait_until(sub { CliTest::sql("SELECT count(*) FROM pg_locks WHERE relation = 'onboard.products'::regclass
		AND granted AND mode = 'AccessExclusiveLock'") > 0 },
		'the table is locked');
	my @result = $work->();
	is((slurp_output($holder))[0], 0, 'the program had to wait');
	return @result;
}

# Remove loaded products, so that the same rows are valid again.
sub undo_all
{
	CliTest::sql("SELECT onboard_undo_upload(upload_id) FROM onboard.upload_history WHERE status <> 'failed'");
	return;
}

# Split output into lines and return the width of the widest one
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
my ($code, $shown) = stalled(sub { on_terminal(100, undef, @load, 'V') });
is($code, 1, 'a load on a terminal');
like($shown, qr/Loading \xE2\x96/, 'shows a bar of blocks');
like($shown, qr/\d+%  [\d,]+ rows  [\d,]+ rows\/s/, 'with percentage, rows and rate');
like($shown, qr/  (?:\d+ s|[\d:]+) left/, 'and the remaining time');
unlike($shown =~ s/.*\r\e\[K//sr, qr/Loading/, 'erases it at the end');
like($shown, qr/\e\[32m\s+19,980  accepted/, 'and shows the result in colours');
cmp_ok(widest($shown =~ s/.*\e\[K//sr), '<', 100, 'the summary fits');

undo_all();
($code, $shown) = stalled(sub { on_terminal(60, undef, @load, 'W') });
is($code, 1, 'on a narrow terminal');
cmp_ok(widest($shown =~ s/\r\n.*//sr), '<', 80, 'the line is short');

{
	local $ENV{NO_COLOR} = '1';
	local $ENV{LC_ALL} = 'C';
	undo_all();
	($code, $shown) = stalled(sub { on_terminal(100, undef, @load, 'X') });
	like($shown, qr/Loading #*\.+ /, 'without UTF-8, the bar uses ASCII characters');
	unlike($shown, qr/\e\[[0-9;]*m/, 'NO_COLOR: no colours');
}

# Standard output redirected: the bar is on the terminal, the result in the file
# without colours
undo_all();
($code, $shown) = stalled(sub { on_terminal(100, "$work/out", @load, 'V', '--again') });
like($shown, qr/Loading /, 'standard output in a file: the bar is on the terminal');
unlike($shown, qr/accepted/, 'the result is not');
like(read_file("$work/out"), qr/^\s+\d[\d,]*  accepted/m, 'but in the file');
unlike(read_file("$work/out"), qr/\e/, 'without colours');

undo_all();
($code, $shown) = stalled(sub { on_terminal(100, undef, @load, 'V', '--again', '--quiet') });
unlike($shown, qr/Loading/, '--quiet: no bar');

# A pipe or a file
undo_all();
my ($exit, $out, $err) = stalled(sub { run_onboard(@load, 'V', '--again') });
is($err, '', 'no terminal: nothing on standard error');
unlike($out, qr/[\e\r]/, 'and no control characters');

# Names with terminal escape sequences
my $name = "evil\e]0;title\x07\e[31m\xC2\x9B31m\xE2\x80\xAEname.csv";
write_file("$work/$name", "vendor_product_id,product_name,category,sku,price,stock_quantity\n"
	. "N-1,\e[31mx,Ki\e[2Jtchen,N-S1,1\e[0m,3\n");
($code, $shown) = on_terminal(100, undef, 'load', "$work/$name", '--vendor', 'V', '--no-reports');
is($code, 1, 'a hostile name and hostile values');
$shown =~ s/\e\[(?:\d+m|K)//g;
unlike($shown, qr/[\x00-\x09\x0B\x0C\x0E-\x1F\x7F]|\xC2[\x80-\x9F]|\xE2\x80\xAE/,
	'reach the terminal as question marks');
($code, $shown) = on_terminal(100, undef, 'status');
$shown =~ s/\e\[(?:\d+m|K)//g;
unlike($shown, qr/[\x00-\x09\x0B\x0C\x0E-\x1F\x7F]|\xC2[\x80-\x9F]|\xE2\x80\xAE/, 'in the list as well');
($code, $shown) = on_terminal(100, undef, 'status', '--json');
unlike($shown, qr/[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]|\xC2[\x80-\x9F]/, 'and escaped in JSON');
($code, $shown) = on_terminal(100, undef, 'load', "$work/\e[31mnothing", '--vendor', 'V');
$shown =~ s/\e\[(?:\d+m|K)//g;
unlike($shown, qr/[\x00-\x09\x0B\x0C\x0E-\x1F\x7F]/, 'messages are clean as well');

# ----- widths -----

# Return the width of a text on a terminal.
sub display_width
{
	my ($text) = @_;

	utf8::decode($text);
	$text =~ s/\p{Mn}//g;
	my $wide = () = $text =~ /[\p{East_Asian_Width=W}\p{East_Asian_Width=F}]/g;
	return length($text) + $wide;
}

# Return the redraws of the progress line in the displayed output.
sub redraws
{
	my ($shown) = @_;

	return grep { /^(?:Reading|Checking|Loading) / } map { s/[\r\n].*//sr } split /\r\e\[K/, $shown;
}

# Check that every line fits, redraws with a column to spare.  A single longer
# word is not broken.
sub fits
{
	my ($columns, $shown, $name) = @_;
	my @long = grep { display_width($_) > $columns && $_ !~ /^ *\S+$/ } map {
		s/\e\[[0-9;]*[A-Za-z]//gr } split /[\r\n]+/, $shown;
	my @full = grep { display_width($_) >= $columns } redraws($shown);

	ok(!@long && !@full, "$columns columns: $name") or diag(join "\n", @long, @full);
	return;
}

my @widths = (20, 40, 55, 56, 80, 200);

undo_all();
for my $columns (@widths)
{
	($code, $shown) = stalled(sub { on_terminal($columns, undef, 'check', @load[ 1 .. 5 ], '--vendor', 'V',
		'--file-name', 'x.csv') });
	cmp_ok(scalar(grep { /^Checking .*\d+%/ } redraws($shown)), '>', 0, "$columns columns: there is progress");
	fits($columns, $shown, 'a check');
}

# Long, wide and combining characters, in the names of a file and of a vendor
my $wide = "\xE6\xBC\xA2\xE5\xAD\x97" x 6;
my $combining = "Cafe\xCC\x81" x 2;
my $long = 'a long name ' x 8;
run_onboard('vendor', 'add', 'LONG', '--name', "$wide $long", '--email',
	'a.very.long.address.indeed@department.example.com');
my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";
my (%bad, $files);
for my $file ("$wide.csv", "$combining.csv", "$long.csv", "short.csv")
{
	$files++;
	write_file($file, $header . "F-$files,Kettle,Kitchen,F-S$files,1,3\nX,Kettle,Kitchn,X-$files,1,3\n"
		. "Y,$wide,Kitchen,,12 $wide,3\n");
	($code, $shown) = on_terminal(80, undef, 'load', $file, '--vendor', 'LONG', '--no-reports');
	is($code, 1, 'a file with an unusual name') or diag($shown);
	$bad{$file} = CliTest::sql('SELECT upload_id FROM onboard.upload_history ORDER BY created_at DESC LIMIT 1');
}
# A product that was changed, and a held row that would change it again
write_file('prices.csv', "sku,price,stock_quantity\nF-S1,1.20,5\nF-S2,9,3\n$wide,1,1\n");
run_onboard(qw(load prices.csv --vendor LONG --mode update --no-reports));
CliTest::sql("UPDATE onboard.products SET product_name = '$wide $long', description = repeat('word ', 60),
	image_url = 'https://example.com/' || repeat('x', 300) WHERE sku = 'F-S1'");
my @changing = ('prices.csv', '--vendor', 'LONG', '--mode', 'update');
my $changed = CliTest::sql('SELECT upload_id FROM onboard.upload_history ORDER BY created_at DESC LIMIT 1');
is(CliTest::sql("SELECT held FROM onboard.upload_history WHERE upload_id = '$changed'"), 1, 'a row is held');
for my $columns (@widths)
{
	for my $command ([qw(history F-S1)], [qw(history F-S1 --at 0s)], ['held'], [ 'load', @changing, '--no-reports' ],
		[ 'load', @changing, '--no-reports', '--quiet' ], [ 'diff', @changing ], [ 'diff', @changing, '--quiet' ],
		[ 'status', $changed ], [ 'undo', $changed, '--dry-run' ], [ 'status' ], [ 'vendor', 'list' ],
		[ 'category', 'list' ], [ 'status', $bad{"$wide.csv"} ],
		[ 'status', $bad{"$wide.csv"}, '--errors' ], [ 'vendor', 'show', 'LONG' ],
			[ 'vendor', 'set', 'LONG', '--address', "$wide $columns $long" ],
		[ 'category', 'rename', 'Kitchen', 'Kitchen' ], [ 'load', "$wide.csv", '--vendor', 'LONG' ],
			[ 'load', "$long.csv", '--vendor', 'LONG', '--quiet' ],
		[ 'status', 'an-upload-that-is-not-there-and-has-a-long-name' ])
	{
		($code, $shown) = on_terminal($columns, undef, @$command);
		fits($columns, $shown, join ' ', @$command);
	}
	($code, $shown) = on_terminal($columns, undef, 'status');
	like($shown, qr/^(?:\e\[1m)?upload/, "$columns columns: the list keeps its first column");
	is(scalar(my @lines = split /\n/, $shown), scalar(my @all = split /\n/, (run_onboard('status'))[1]),
		"$columns columns: and has every row in one line");
}

# The least important columns are dropped first
($code, $shown) = on_terminal(200, undef, 'status');
like($shown, qr/upload +file +status +rows +accepted +rejected +percent +reason +begun\r?$/m,
	'200 columns: every column');
($code, $shown) = on_terminal(80, undef, 'status');
like($shown, qr/upload +file +status +rows +accepted +rejected\r?$/m, '80 columns: the counts, and no more');
($code, $shown) = on_terminal(40, undef, 'status');
like($shown, qr/upload +status\r?$/m, '40 columns: the status');
like($shown =~ s/\e\[[0-9;]*m//gr, qr/^\Q$bad{"short.csv"}\E  partial\r?$/m, 'with the whole id');
like((on_terminal(80, undef, 'status'))[1], qr/\xE2\x80\xA6 +partial/, 'truncated text ends with an ellipsis');
{
	local $ENV{LC_ALL} = 'C';
	($code, $shown) = on_terminal(80, undef, 'status');
	like($shown, qr/\.\.\.  +partial/, 'or with three periods if the locale is not UTF-8');
	unlike($shown, qr/\xE2\x80\xA6/, 'and no other character');
	fits(80, $shown, 'in the locale C');
}

# The columns of a table are aligned, however wide the characters
($code, $shown) = on_terminal(200, undef, 'status');
$shown =~ s/\e\[[0-9;]*m//g;
my ($heading, @table) = split /\r?\n/, $shown;
my $at = display_width($heading =~ s/status.*//r);
is_deeply([ grep { display_width($_) != $at } map { /^(.*?  )partial/ ? $1 : () } @table ], [],
	'wide and combining characters do not shift a table');

# Words that fit are not broken, and none is missing
($code, $shown) = on_terminal(40, undef, 'status', $bad{'short.csv'});
like($shown =~ s/\s+/ /gr, qr/category "Kitchn" is not an active category/,
	'a long message continues on the next line');

# A path that is longer than the terminal is wide can be copied
($code, $shown) = on_terminal(40, undef, 'load', 'short.csv', '--vendor', 'LONG');
like($shown =~ s/\e\[[0-9;]*m//gr, qr{^onboard-reports/\Q$bad{"short.csv"}\E/$_\.csv\r?$}m,
	"the path of $_.csv is in one piece") for qw(errors fix);

# Help text is wrapped to the terminal, but is never wider than 80 columns
for my $columns (@widths)
{
	for my $command ([], [qw(help load)], [qw(help vendor)], [qw(help vendor add)], [qw(help psql)])
	{
		($code, $shown) = on_terminal($columns, undef, @$command, '--help');
		fits($columns < 80 ? $columns : 80, $shown, join ' ', 'onboard', @$command, '--help');
	}
}

# Output to a pipe is complete
my $piped = (run_onboard('status', { env => { COLUMNS => 20 } }))[1];
like($piped, qr/upload +file +status +rows +accepted +rejected +percent +reason +begun$/m, 'a pipe gets every column');
like($piped, qr/^\S+  \Q$long\E\.csv  /m, 'and every text');
on_terminal(20, "$work/out", 'status');
is(read_file("$work/out"), $piped, 'so does a file next to a terminal');

# A terminal that is resized while the progress line is drawn: feed rows until
# each width has seen a redraw
sub feed_until
{
	my ($feed, $pty, $shown, $wanted) = @_;

	my $end = time + HANG_SECONDS;

	while (time < $end)
	{
		my $ready = '';

		syswrite $feed, 'x' x 50 . "\n";
		vec($ready, fileno $pty, 1) = 1;
		while (select(my $now = $ready, undef, undef, 0.01))
		{
			sysread($pty, $$shown, 65536, length $$shown) or return 0;
		}
		return 1 if $wanted->();
	}
	return 0;
}

{
	my $pty = IO::Pty->new;
	my $resized = '';
	pipe(my $read, my $feed) or die;
	my $child = fork() // die "cannot fork: $!";

	if ($child == 0)
	{
		my $terminal = $pty->slave;

		close $pty;
		close $feed;
		$terminal->set_winsize(25, 100, 0, 0);
		open STDIN, '<&', $read or die;
		open STDOUT, '>&', $terminal or die;
		open STDERR, '>&', $terminal or die;
		exec $CliTest::onboard, 'check', '-', '--vendor', 'V', '--max-bytes', '0', '--max-rows', '0'
			or POSIX::_exit(127);
	}
	close $read;
	$pty->close_slave;
	$feed->autoflush(1);
	syswrite $feed, $header;
	for my $columns (100, 20, 12, 100)
	{
		my $before = length $resized;

		$pty->set_winsize(25, $columns, 0, 0);
		# One redraw may have started before the resize.
		ok(feed_until($feed, $pty, \$resized, sub { redraws(substr $resized, $before) >= 3 }),
			"resized to $columns columns: it continues");
		my (undef, @later) = redraws(substr $resized, $before);
		fits($columns, join("\r\e[K", '', @later), 'resized');
		cmp_ok(display_width($later[-1]), '>', 20, "$columns columns: it uses the width") if $columns == 100;
	}
	unlike($resized, qr/\n/, 'all on one line');
	close $feed;
	1 while sysread $pty, $resized, 65536, length $resized;
	waitpid $child, 0;
}

done_testing();
