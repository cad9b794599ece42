# The maps that come with the extension: a file in the layout of each shop, template or feed, as
# its program writes it, loads without an edit of the file, and with nothing more than what the
# map says that it needs. A cell that is broken comes back in a fix file with the vendor's own
# headings, and loads through the same map when it is corrected.
#
# test/data/maps has the files. Beside each are the products that it becomes (.products.csv), the value
# lists that are supplied (.LIST.csv), and the products that must exist before (.before.csv).

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use JSON::PP ();
use Test::More;

use Workbook;

# map: the preset. file: the sample, whose name without the suffix is that of the other files,
# unless products or lists say otherwise. skipped: rows that are not products. broken: a cell of a
# row in the file, by the row's SKU and the heading; bad: the value that replaces it, and the error.
my @samples = (
	{ map => 'shopify', file => 'shopify.csv', skipped => 6,
		broken => [ 'KETTLE-20-CREAM', 'Price' ], bad => 'forty', error => 'INVALID_PRICE' },
	{ map => 'shopify', file => 'shopify-earlier.csv', products => 'shopify', lists => 'shopify', skipped => 6,
		broken => [ 'APRON-LX-NAT', 'Variant Inventory Qty' ], bad => 'many', error => 'INVALID_STOCK' },
	{ map => 'woocommerce', file => 'woocommerce.csv', skipped => 5,
		broken => [ 'LINEN-SHIRT-ECRU-M', 'Regular price' ], bad => '79,5,0', error => 'INVALID_PRICE' },
	{ map => 'bigcommerce', file => 'bigcommerce.csv', skipped => 9,
		broken => [ 'DRIPPER-BLK', 'Price' ], bad => 'ask', error => 'INVALID_PRICE' },
	{ map => 'magento', file => 'magento.csv', skipped => 5,
		broken => [ 'MH01-M-Gray', 'qty' ], bad => 'some', error => 'INVALID_STOCK' },
	{ map => 'prestashop', file => 'prestashop.csv', skipped => 0, delimiter => ';',
		broken => [ 'demo_9', 'Price (tax incl.)' ], bad => 'n/a', error => 'INVALID_PRICE' },
	{ map => 'prestashop', file => 'prestashop-import.csv', lists => 'prestashop', skipped => 1, delimiter => ';',
		broken => [ 'demo_8', 'Categories (x,y,z...)' ], bad => 'Papeterie', error => 'INVALID_CATEGORY' },
	{ map => 'odoo', file => 'odoo.csv', skipped => 1,
		broken => [ 'ROPE-8', 'Quantity On Hand' ], bad => 'plenty', error => 'INVALID_STOCK' },
	{ map => 'odoo', file => 'odoo.csv', skipped => 1, workbook => 1,
		broken => [ 'ROPE-8', 'Sales Price' ], bad => '-', error => 'INVALID_PRICE' },
	{ map => 'google-merchant', file => 'google-merchant.txt', skipped => 0, delimiter => "\t",
		broken => [ 'MAT-1', 'image_link' ], bad => 'mat.jpg', error => 'INVALID_IMAGE_URL' },
	{ map => 'amazon', file => 'amazon.txt', skipped => 1, delimiter => "\t", titles => 2,
		broken => [ 'VASE-L', 'quantity' ], bad => 'few', error => 'INVALID_STOCK' },
	{ map => 'amazon', file => 'amazon.txt', skipped => 1, delimiter => "\t", titles => 2, workbook => 1,
		broken => [ 'VASE-S', 'item_type' ], bad => 'jars', error => 'INVALID_CATEGORY' },
	{ map => 'mirakl-offers', file => 'mirakl-offers.csv', skipped => 1, delimiter => ';', before => 1,
		broken => [ 'WATER-10', 'quantity' ], bad => '5 5', error => 'INVALID_STOCK' });
my @columns = qw(vendor_product_id product_name category subcategory description brand price compare_at_price
  stock_quantity unit weight_kg dimensions_cm image_url);
my $json = JSON::PP->new->utf8->canonical;

CliTest::setup();
add_vendor('V');

# The rows of a CSV text, as hashes by heading.
sub hashes
{
	my ($text, $delimiter) = @_;
	my ($header, @rows) = csv_rows($text, $delimiter);

	return map { my %cells; @cells{@$header} = @$_; \%cells } @rows;
}

# Write rows in the form of a file, with quotes around every cell that may need them.
sub csv_text
{
	my ($delimiter, @rows) = @_;

	return join '', map {
		join($delimiter, map { /[\s"\Q$delimiter\E]/ ? '"' . s/"/""/gr . '"' : $_ } @$_) . "\n"
	} @rows;
}

# The products of the catalogue by SKU, with their attributes in a canonical form.
sub catalogue
{
	my $names = join ', ', 'sku', @columns, 'attributes';
	my $query = "COPY (SELECT $names FROM onboard.products) TO STDOUT (FORMAT csv, HEADER)";

	return by_sku(hashes(sql($query) . "\n", ','));
}

sub by_sku
{
	return map { $_->{attributes} = $json->encode($json->decode($_->{attributes})); ($_->{sku} => $_) } @_;
}

# Supply the value lists of a file.
sub supply_lists
{
	my ($name) = @_;

	for my $path (grep { !/\.(?:products|before)\.csv$/ } glob "$data/maps/$name.*.csv")
	{
		my ($list) = $path =~ /\.(\w+)\.csv$/;

		is_exit(0, "$name: the list $list", 'map', 'values', $list, $path, '--vendor', 'V');
	}
	return;
}

# Write the rows of a sample as the program wrote them, or as a workbook; returns the name.
sub write_sample
{
	my ($sample, $name, @rows) = @_;

	return write_workbook("$work/$name.xlsx", Products => \@rows) if $sample->{workbook};
	return write_file("$name.csv", csv_text($sample->{delimiter} // ',', @rows));
}

# Break a cell of a sample; load it, and return the name of its fix file.
sub load_broken
{
	my ($sample, $what, $original) = @_;
	my ($sku, $heading) = @{ $sample->{broken} };
	my @rows = map { [@$_] } @$original;
	my $header = $rows[ $sample->{titles} // 0 ];
	my ($column) = grep { $header->[$_] eq $heading } 0 .. $#$header;
	my ($row) = grep { grep({ $_ eq $sku } @$_) } @rows;

	isnt($row->[$column], $sample->{bad}, "$what: the cell is good") or return;
	$row->[$column] = $sample->{bad};
	my ($out) = is_exit(1, "$what: a broken cell", 'load', write_sample($sample, "broken-$sample->{number}", @rows),
		'--vendor', 'V', '--map', $sample->{map}, '--json');
	my $result = json_of($out);

	is($result->{error_records}, 1, "$what: rejects its row");
	is(sql("SELECT string_agg(error_type, ' ') FROM onboard.validation_errors WHERE upload_id = '$result->{upload_id}'"),
		$sample->{error}, "$what: with $sample->{error}");
	return ($result->{reports}{fix}, $header, $row);
}

# Check the fix file of a broken cell, and correct it.
sub check_fix
{
	my ($sample, $what, $original) = @_;
	my ($sku, $heading) = @{ $sample->{broken} };
	my ($fix, $header, $row) = load_broken($sample, $what, $original);
	my $delimiter = $sample->{workbook} ? ',' : $sample->{delimiter} // ',';
	my ($fix_header, $fix_row, @others) = csv_rows(read_file($fix), $delimiter);
	my @blank = grep { $row->[$_] eq '' } 0 .. $#$row;
	my @cells = @$fix_row[ 0 .. $#$header ];

	is_deeply([ @$fix_header[ 0 .. $#$header ] ], $header, "$what: the fix file has the vendor's headings");
	is(scalar @others, 0, "$what: and the row");
	# A blank cell is filled from the row of its product, so that the row is complete.
	$cells[$_] = '' for @blank;
	is_deeply(\@cells, $row, "$what: its cells are as in the file");

	my ($column) = grep { $header->[$_] eq $heading } 0 .. $#$header;
	my ($good) = map { $_->[$column] } grep { grep({ $_ eq $sku } @$_) } @$original;
	$fix_row->[$column] = $good;
	is_exit(0, "$what: corrected", 'load', write_file("fixed-$sample->{number}.csv", csv_text($delimiter, $fix_header, $fix_row)),
		'--vendor', 'V', '--map', $sample->{map});
	return;
}

sub check_sample
{
	my ($sample) = @_;
	my ($name) = $sample->{file} =~ /(.*)\./;
	my $what = join ' ', $sample->{file}, $sample->{workbook} ? 'as a workbook' : ();
	my $path = "$data/maps/$sample->{file}";
	my @original = csv_rows(read_file($path), $sample->{delimiter} // ',');
	my %expected = by_sku(hashes(read_file("$data/maps/" . ($sample->{products} // $name) . '.products.csv'), ','));

	sql('TRUNCATE onboard.products, onboard.upload_history, onboard.map_values CASCADE');
	supply_lists($sample->{lists} // $name);
	is_exit(0, "$what: the products that exist", 'load', "$data/maps/$name.before.csv", '--vendor', 'V') if $sample->{before};
	$path = write_sample($sample, "$name-book", @original) if $sample->{workbook};
	my ($out, $err) = is_exit(2, "$what: no map is named", 'check', $path, '--vendor', 'V');
	like($err, qr/map "$sample->{map}" fits this file: load it with --map $sample->{map}; without it: /, "$what: the message begins with it");
	unlike($err, qr/ is meant|begins with/, "$what: and guesses at nothing else");
	($out) = is_exit(0, "$what: loads", 'load', $path, '--vendor', 'V', '--map', $sample->{map}, '--json');
	my %found = catalogue();
	my $result = json_of($out);

	is($result->{skipped_rows} // 0, $sample->{skipped}, "$what: rows that are not products");
	cmp_ok(scalar keys %expected, '>=', 10, "$what: has ten products or more");
	is_deeply([ sort keys %found ], [ sort keys %expected ], "$what: becomes these products");
	is_deeply($found{$_}, $expected{$_}, "$what: $_") for sort keys %expected;

	check_fix($sample, $what, \@original);
	%found = catalogue();
	is_deeply(\%found, \%expected, "$what: the products are as before");
	return;
}

my $number = 0;
for my $sample (@samples)
{
	$sample->{number} = ++$number;
	check_sample($sample);
}

# Every preset has a sample, and says what it needs.
my %tested = map { $_->{map} => 1 } @samples;
is(sql('SELECT string_agg(map_name, E\'\n\' ORDER BY map_name) FROM onboard.shipped_maps'),
	join("\n", sort keys %tested), 'each map that comes with the extension is tested');
is(sql("SELECT count(*) FROM onboard.shipped_maps WHERE btrim(needs) = '' OR btrim(description) = ''"), 0,
	'and says what it is for and what it needs');

done_testing();
