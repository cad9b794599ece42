# The memory use of a backend does not grow with the number of rows, whatever the rows and the door.

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use OnboardTest;

use constant MB => 1024 * 1024;
# Limit in excess of an idle backend. The rows of a window may use 16 MB of it.
use constant BOUND => 24 * MB;
# Allowed difference between sizes, once windows are full.
use constant SLACK => 2 * MB;
# Where 300,000 products are, which files that change products remember, while that table grows. It stops at 700,000.
use constant HINTS => 9 * MB;

plan skip_all => 'this system has no /proc/PID/status with RssAnon'
  unless -r '/proc/self/status' && slurp_file('/proc/self/status') =~ /^RssAnon:/m;

my $node = new_server('memory', "shared_buffers = 128MB\nautovacuum = off\nmax_wal_size = 4GB\n");
my $directory = PostgreSQL::Test::Utils::tempdir();

add_database($node, 'memory', 'V1', 'V2');
$node->safe_psql('memory', <<'SQL');
CREATE FUNCTION good(mix text, n int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('sku', mix || n, 'vendor_product_id', mix || n, 'product_name', 'Name ' || n, 'category',
		'Books',
		'price', '9.99', 'stock_quantity', '3', 'brand', 'Brand', 'Colour', 'red') $$;
GRANT EXECUTE ON FUNCTION good TO loader;
SQL

# ----- a monitored session -----

my ($in, $out, $session, $backend);

sub anonymous_memory
{
	my ($kilobytes) = slurp_file("/proc/$backend/status") =~ /^RssAnon:\s+(\d+) kB/m;

	return $kilobytes * 1024;
}

sub open_session
{
	($in, $out) = ("SELECT pg_backend_pid();\n", '');
	$session = IPC::Run::start([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-U', 'loader', '-d',
		$node->connstr('memory') ],
		'<', \$in, '>', \$out, '2>&1', IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$session->pump until $out =~ /^(\d+)\n/;
	$backend = $1;
	return;
}

# Run statements and return the peak memory use and the output.
sub watch
{
	my ($statements) = @_;
	my $most = 0;

	$out = '';
	$in = "$statements;\n\\echo done\n";
	until ($out =~ s/^done\n\z//m)
	{
		my $now;

		$session->pump_nb;
		die "the session ended: $out" unless $session->pumpable;
		$now = anonymous_memory();
		$most = $now if $now > $most;
		usleep 2_000;
	}
	return ($most, $out);
}

sub close_session
{
	$in = "\\q\n";
	$session->finish;
	return;
}

sub megabytes { return sprintf '%.1f MB', $_[0] / MB }

# ----- mixes of rows -----

# A line of COPY: row number and line, then sku, vendor_product_id, name,
# category, price, stock, brand, compare_at_price, weight, image_url.
my %mixes = (
	good => sub { my ($n, $rows) = @_; return ("G$rows-$n", "G$rows-$n", "Name $n", 'Books', '9.99', 3, 'Brand', '', '',
		'') },
	mixed => sub {
		my ($n, $rows) = @_;
		return ("M$rows-" . ($n % 50 == 3 ? $n - 2 : $n), "M$rows-$n", "Name $n", $n % 30 == 1 ? 'Boks' : 'Books',
			$n % 40 == 2 ? '9,99' : '9.99', 3, 'Brand', '', '', '');
	},
	# All keys were taken by the largest load of good rows.
	duplicates => sub { my ($n) = @_; return ("G300000-$n", "D$n", "Name $n", 'Books', '9.99', 3, 'Brand', '', '',
		'') },
	# The same key in all rows: every row depends on an earlier one in its window.
	'one key' => sub { my ($n, $rows) = @_; return ("same$rows", "K$rows-$n", "Name $n", 'Books', '9.99', 3, 'Brand',
		'', '', '') },
	broken => sub { my ($n) = @_; return ("G300000-$n", '', '', 'Boks', '$1', 'x', 'b' x 101, '-1', '0', 'ftp://x') });

sub make_rows
{
	my ($mix, $rows, $upload) = @_;
	my $path = "$directory/rows";
	open my $file, '>', $path or die "$path: $!";

	print $file join("\t", $upload, $_, $_ + 1, $mixes{$mix}->($_, $rows)), "\n" for 1 .. $rows;
	close $file;
	return $path;
}

for my $mix (qw(good mixed duplicates), 'one key', 'broken')
{
	my %most;
	# A window has 50,000 rows, so the second size fills one.
	my @sizes = $mix eq 'good' || $mix eq 'mixed' ? (20_000, 100_000, 300_000) : (20_000, 60_000, 120_000);

	for my $rows (@sizes)
	{
		my $vendor = $mix eq 'duplicates' || $mix eq 'broken' ? 'V2' : 'V1';
		my ($upload, $path, $idle);

		open_session();
		# Load one row first, to fill caches and other memory kept by the session.
		(undef, $upload) = watch("SELECT onboard_begin_upload('$vendor', '$mix');
			SELECT 'x' FROM onboard_ingest('none', '[{\"row_number\": 1, \"product\": {}}]')");
		($upload) = $upload =~ /^(\S+)/;
		$path = make_rows($mix, $rows, $upload);
		$idle = anonymous_memory();
		($most{$rows}) = watch("\\copy onboard.intake (upload_id, row_number, line_number, sku, vendor_product_id, "
			. "product_name, category, price, stock_quantity, brand, compare_at_price, weight_kg, image_url) FROM "
			. "'$path' \n");
		$most{$rows} -= $idle;
		close_session();
		is($node->safe_psql('memory', "SELECT valid_records + error_records FROM onboard.upload_history
			WHERE upload_id = '$upload'"), $rows, "$mix: $rows rows are judged");
		is($node->safe_psql('memory', "SELECT valid_records = 0 FROM onboard.upload_history
			WHERE upload_id = '$upload'"), $mix =~ /^(duplicates|broken)$/ ? 't' : 'f',
			"$mix: and have the expected verdicts");
		cmp_ok($most{$rows}, '<', BOUND, "$mix: $rows rows through COPY use less than " . megabytes(BOUND)
			. ' over idle');
	}
	note "$mix: " . join ', ', map { "$_ rows " . megabytes($most{$_}) } @sizes;
	cmp_ok($most{ $sizes[2] }, '<', $most{ $sizes[1] } + SLACK, "$mix: more rows do not use more");
}

# ----- modes that change products -----

# Each file names products of the largest load of good rows, in a different order, with another
# price each time. The records of what rows did, the changes and their history are all stored in
# batches.
my %changes = (
	update => [ 'vendor_product_id, price', sub { my ($n, $price) = @_; return ("G300000-$n", $price) } ],
	upsert => [ 'vendor_product_id, price, sku, product_name, category, stock_quantity',
		sub { my ($n, $price) = @_; return ("G300000-$n", $price, "G300000-$n", "Name $n", 'Books', 3) } ]);
$changes{replace} = $changes{upsert};
$node->safe_psql('memory', "UPDATE onboard.vendors SET modes = '{insert,upsert,update,replace}'");

my $price = 9.99;
for my $mode (qw(update upsert replace))
{
	my ($columns, $row) = @{ $changes{$mode} };
	my @sizes = (20_000, 60_000, 120_000);
	my %most;

	for my $rows (@sizes)
	{
		my ($upload, $idle, $path);

		open_session();
		(undef, $upload) = watch("SELECT onboard_begin_upload('V1', '$mode', total_records => $rows, mode => '$mode',
			columns => '{" . $columns =~ s/ //gr . "}');
			SELECT 'x' FROM onboard_ingest('none', '[{\"row_number\": 1, \"product\": {}}]')");
		($upload) = $upload =~ /^(\S+)/;
		$price += 0.01;
		$path = "$directory/changes";
		open my $file, '>', $path or die "$path: $!";
		print $file join("\t", $upload, $_, $row->(1 + $_ * 7919 % $rows, $price)), "\n" for 1 .. $rows;
		close $file;
		$idle = anonymous_memory();
		($most{$rows}) = watch("\\copy onboard.intake (upload_id, row_number, $columns) FROM '$path' \n");
		$most{$rows} -= $idle;
		close_session();
		is($node->safe_psql('memory', "SELECT updated FROM onboard.upload_history WHERE upload_id = '$upload'"), $rows,
			"$mode: $rows rows change their products");
		cmp_ok($most{$rows}, '<', BOUND + HINTS, "$mode: $rows rows use less than " . megabytes(BOUND + HINTS) . ' over idle');
	}
	note "$mode: " . join ', ', map { "$_ rows " . megabytes($most{$_}) } @sizes;
	cmp_ok($most{ $sizes[2] }, '<', $most{ $sizes[1] } + SLACK + HINTS, "$mode: more rows use more only for hints");
}

# The other door, in calls of 1,000 records: the 100th call uses no more memory than the 20th.
{
	my ($upload, @most);

	open_session();
	(undef, $upload) = watch("SELECT onboard_begin_upload('V1', 'ingest')");
	chomp $upload;
	for my $part (0, 1)
	{
		my ($from, $to) = $part == 0 ? (0, 19) : (20, 99);

		($most[$part]) = watch(join ";\n", map { "SELECT count(*)
			FROM onboard_ingest('$upload', (SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product',
			good('I', n))) FROM generate_series($_ * 1000 + 1, $_ * 1000 + 1000) n))" } $from .. $to);
	}
	close_session();
	note 'ingest: 20 calls ' . megabytes($most[0]) . ', 100 calls ' . megabytes($most[1]);
	cmp_ok($most[1], '<', $most[0] + SLACK, 'a session that keeps loading does not grow');
}

# A statement that changes or deletes many products records as many changes.
$node->safe_psql('memory', 'GRANT UPDATE, DELETE ON onboard.products TO loader');
for my $statement ("UPDATE onboard.products SET price = price + 1 WHERE sku ~ '^G300000-1?\\d{1,5}\$'",
	"DELETE FROM onboard.products WHERE sku ~ '^G300000-1?\\d{1,5}\$'")
{
	my ($idle, $most);

	open_session();
	watch("SELECT 'x' FROM onboard_ingest('none', '[{\"row_number\": 1, \"product\": {}}]')");
	$idle = anonymous_memory();
	($most) = watch($statement);
	close_session();
	my ($command) = $statement =~ /^(\w+)/;
	note "$command: " . megabytes($most - $idle);
	cmp_ok($most - $idle, '<', BOUND, "$command of more than 100,000 products uses less than " . megabytes(BOUND) . ' over idle');
}
is($node->safe_psql('memory', 'SELECT action, count(*) > 100000 FROM onboard.product_changes GROUP BY 1 ORDER BY 1'),
	"deleted|t\nupdated|t", 'all of it is in the history');

# ----- memory kept between statements -----

# Return the size of all memory contexts of a session, in bytes, halfway through and at the end of many statements.
sub contexts_twice
{
	my ($statement, $count, $begin, $end) = @_;
	my $sum = "SELECT 'bytes', sum(total_bytes) FROM pg_backend_memory_contexts;\n";
	my $out = $node->safe_psql('memory', join '', $begin,
		map({ my $half = $_; map({ $statement->($_) . ";\n" } 1 + $half * $count / 2 .. ($half + 1) * $count / 2),
			$sum } 0, 1), $end);
	my @bytes = $out =~ /^bytes\|(\d+)$/mg;

	note "contexts: @bytes";
	return @bytes;
}

$node->safe_psql('memory', "SELECT onboard_begin_upload('V1', 'single', content_id => 'single')");
my $single = $node->safe_psql('memory', "SELECT upload_id FROM onboard.upload_history WHERE content_id = 'single'");
my ($middle, $last) = contexts_twice(
	sub { my ($n) = @_; return "INSERT INTO onboard.intake (upload_id, row_number, sku, vendor_product_id, product_name,
		category, price, stock_quantity) VALUES ('$single', $n, 'X$n', 'X$n', 'n', 'Books', '" . ($n % 7 ? 1 : 'x')
		. "', '1')" },
	20_000, "BEGIN;\n", 'COMMIT;');
# PostgreSQL itself keeps some memory for each single-row change in a transaction.
cmp_ok($last - $middle, '<', 1.5 * MB, '10,000 more single rows in a transaction keep hardly any memory');
is($node->safe_psql('memory', "SELECT valid_records, error_records FROM onboard.upload_history
	WHERE upload_id = '$single'"), '17143|2857', 'all of them are judged');

($middle, $last) = contexts_twice(
	sub { my ($n) = @_; return "SELECT count(*) FROM onboard_validate('V1',
		'{\"sku\": \"G$n\", \"price\": \"\$1\", \"category\": \"Kitchn\", \"attributes\": {\"a\": $n}}')" }, 2_000, '',
		'');
cmp_ok($last - $middle, '<', MB / 4, '1,000 more calls of onboard_validate() keep no memory');

($middle, $last) = contexts_twice(
	sub { my ($n) = @_; return "SELECT onboard_check('V1', '[{\"row_number\": $n, \"product\": {\"sku\": \"G$n\"}}]')"
		. ($n % 10 ? '' : ";\nBEGIN;\nSELECT onboard_check('V1', '[]', true);\nROLLBACK") }, 2_000, '', '');
cmp_ok($last - $middle, '<', MB / 4, 'nor does onboard_check()');

($middle, $last) = contexts_twice(
	sub { my ($n) = @_; return "UPDATE onboard.products SET stock_quantity = $n WHERE sku = 'X1'" }, 2_000, '', '');
cmp_ok($last - $middle, '<', MB / 4, 'nor does the history of 1,000 more updates');

# A failed statement does not leak, either.
($middle, $last) = contexts_twice(
	sub { my ($n) = @_; return "DO 'BEGIN PERFORM * FROM onboard_ingest(''$single'', ''[{\"row_number\": "
		. (30_000 + $n) . ", \"product\": {\"sku\": \"F$n\"}}, {\"row_number\": 0}]''); EXCEPTION WHEN "
		. "invalid_parameter_value THEN END'" }, 2_000, '', '');
cmp_ok($last - $middle, '<', MB / 4, 'nor does a call that fails');

$node->stop;
done_testing();
