# Kill the program again and again while it loads a file through a map, and run it again
# until the file is loaded. Rows that the map skips and cells that it fills down depend on
# all rows above, wherever the program was killed.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Oracle;
use Patience;
use Test::More;
use Time::HiRes qw(usleep);
use Workbook;

use constant {
	GROUPS => 50_000,      # products, each followed by two variants and a row to skip
	BOOK_GROUPS => 35_000,
	MOST_KILLS => 4,
};

CliTest::setup();
my @vendors = qw(V1 W1 V2 W2 X);
add_vendor(@vendors);
random_seed();

my $map = <<'MAP';
skip when "Code" is blank
vendor_product_id = "Code"
sku = "Code" | prefix("X-")
product_name = "Title" | fill_down("Group")
category = constant "Books"
price = "Price" | decimal_comma
stock_quantity = constant "5"
MAP
write_file('kill.map', $map);
is_exit(0, "map of $_", qw(map set kill kill.map --vendor), $_) foreach @vendors;

# The records of a file.
sub records
{
	my ($name, $groups) = @_;
	my @records;

	foreach my $group (1 .. $groups)
	{
		# Each fourth group has no title of its own: it keeps none from another group.
		my $title = $group % 4 == 0 ? '' : "Title $group";
		my $price = $group % 10 . ',50';

		push @records, [ "g$group", "$name$group-1", $title, $price ], [ "g$group", '', '', '' ],
		  [ "g$group", "$name$group-2", '', $price ], [ "g$group", "$name$group-3", $group % 7 == 0 ? "Own $group" : '', $price ];
	}
	return @records;
}

# What the database has of a vendor's rows, accepted and rejected.
sub stored
{
	my ($vendor) = @_;

	return sql("SELECT md5(string_agg(concat_ws('|', row_number, line_number, vendor_product_id, product_name, price), ' '
			ORDER BY row_number)), count(*), count(DISTINCT row_number) FROM onboard.products WHERE vendor_id = '$vendor'")
	  . ' ' . sql("SELECT md5(string_agg(concat_ws('|', row_number, line_number, error_field, original_data), ' '
			ORDER BY row_number)), count(*) FROM onboard.validation_errors WHERE vendor_id = '$vendor'");
}

# Load a file until it is loaded; kill the program whenever it has stored more rows. Return
# the number of kills and the last exit code.
sub load_with_kills
{
	my ($vendor, $between, @load) = @_;
	my $count = "SELECT valid_records + error_records FROM onboard.upload_history WHERE vendor_id = '$vendor'
		ORDER BY created_at DESC LIMIT 1";
	my $kills = 0;
	my $before = 0;

	while ($kills < MOST_KILLS)
	{
		my $run = start_onboard(@load);

		last unless stop_when($run, sub { (sql($count) || 0) > $before });
		# The first kills hit between two transactions, the others anywhere.
		if ($kills > 1)
		{
			kill 'CONT', $run->{child};
			usleep int rand 100_000;
		}
		kill 'KILL', $run->{child};
		waitpid $run->{child}, 0;
		last if $? != 9;
		$kills++;
		$before = sql($count);
		note "killed after $before rows";
		$between->($kills);
	}
	my ($code) = run_onboard(@load);
	return ($kills, $code);
}

sub options { return ('--vendor', $_[0], qw(--map kill --max-rows 0 --max-bytes 0 --no-reports --quiet)) }

my @csv = records('c', GROUPS);
write_file('long.csv', join '', "Group,Code,Title,Price\n", map { "$_->[0],$_->[1],$_->[2],\"$_->[3]\"\n" } @csv);
write_workbook('long.xlsx', Long => [ [qw(Group Code Title Price)], records('b', BOOK_GROUPS) ]);

foreach my $case ([ 'long.csv', 3 * GROUPS, 'V1', 'W1' ], [ 'long.xlsx', 3 * BOOK_GROUPS, 'V2', 'W2' ])
{
	my ($file, $rows, $reference, $vendor) = @$case;

	is_exit(1, "$file: without kills", 'load', $file, options($reference));
	my $expected = stored($reference);

	like($expected, qr/^\w{32}\|(\d+)\|\1 \w{32}\|[1-9]\d*$/, "$file: has rows of both kinds");
	# Two vendors cannot have the same SKU.
	sql("DELETE FROM onboard.products");
	my ($kills, $code) = load_with_kills($vendor, sub { }, 'load', $file, options($vendor));
	is($code, 1, "$file: is loaded after $kills kills");
	cmp_ok($kills, '>=', 2, "$file: it was killed more than once");
	is(stored($vendor), $expected, "$file: with the same rows");
	is(sql("SELECT concat_ws('|', count(*), sum(total_records), sum(valid_records + error_records),
			min(metadata ->> 'skipped_rows'))
		FROM onboard.upload_history WHERE vendor_id = '$vendor'"),
		join('|', 1, $rows, $rows, $rows / 3), "$file: as one upload, with the skipped rows counted once");
	($code) = run_onboard('load', $file, options($vendor));
	is($code, 1, "$file: is loaded again");
	is(stored($vendor), $expected, "$file: which changes nothing");
	sql("DELETE FROM onboard.products");
}

# The map changes after a kill: its hash is part of what the file is, so the command begins
# another upload, and the first one remains as it was
my $first;
my ($kills, $code) = load_with_kills('X', sub {
	my ($number) = @_;

	return if $number > 1;
	$first = sql("SELECT upload_id FROM onboard.upload_history WHERE vendor_id = 'X'");
	write_file('kill.map', $map =~ s/constant "5"/constant "6"/r);
	is_exit(0, 'the map is changed after a kill', qw(map set kill kill.map --vendor X));
}, 'load', 'long.csv', options('X'));
cmp_ok($kills, '>=', 1, 'the program was killed');
is(sql("SELECT count(*) FROM onboard.upload_history WHERE vendor_id = 'X'"), 2, 'the changed map begins another upload');
is(sql("SELECT string_agg(DISTINCT p.stock_quantity::text, ',') FROM onboard.products p WHERE p.upload_id = '$first'"), 5,
	'the rows of the first one are those of the first map');
is(sql("SELECT string_agg(DISTINCT p.stock_quantity::text, ',')
	FROM onboard.products p JOIN onboard.upload_history u USING (upload_id) WHERE u.vendor_id = 'X' AND u.upload_id <> '$first'"), 6, 'those of the second one are those of the changed map');
is(sql("SELECT status FROM onboard.upload_history WHERE upload_id = '$first'"), 'processing', 'which can still be resumed:');
write_file('kill.map', $map);
is_exit(0, 'with the first text', qw(map set kill kill.map --vendor X));
sql("DELETE FROM onboard.products WHERE upload_id <> '$first'");
is_exit(1, 'the program resumes', 'load', 'long.csv', options('X'));
is(sql("SELECT concat_ws('|', status, total_records, valid_records + error_records) FROM onboard.upload_history
	WHERE upload_id = '$first'"), join('|', 'partial', 3 * GROUPS, 3 * GROUPS), 'the first upload');

done_testing();
