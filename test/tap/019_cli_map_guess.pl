# The proposal of a map: it is stored unedited, and the file loads through it, with the list of its
# categories and nothing else. test/data/guess has the files, in eight languages; the unit test
# map_guess_test measures how many statements are right.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

use Workbook;

my $folder = "$data/guess";

# Files that need something else, or whose rows are not all loaded.
my %special = (
	en_cryptic => { missing => ['stock_quantity'], add => qq{stock_quantity = constant "5"\n} },
	en_offers => { before => 1 },
	en_variants => { skipped => 4 },
	de_summen => { skipped => 2 });

# The samples of the maps that come with the extension, and the map that fits each.
my %presets = (
	'amazon.txt' => 'amazon', 'bigcommerce.csv' => 'bigcommerce', 'google-merchant.txt' => 'google-merchant',
	'magento.csv' => 'magento', 'mirakl-offers.csv' => 'mirakl-offers', 'odoo.csv' => 'odoo',
	'prestashop.csv' => 'prestashop', 'prestashop-import.csv' => 'prestashop', 'shopify.csv' => 'shopify',
	'shopify-earlier.csv' => 'shopify', 'woocommerce.csv' => 'woocommerce');

CliTest::setup();
add_vendor('G');

# The characters of a text in UTF-8, as JSON has them.
sub characters
{
	my ($text) = @_;

	utf8::decode($text);
	return $text;
}

# Guess the map of a file; returns what is printed.
sub guess
{
	my ($code, $file, @options) = @_;
	my $name = join ' ', 'guess', $file =~ s{.*/}{}r, @options;
	my ($out) = is_exit($code, $name, 'map', 'guess', $file, '--vendor', 'G', @options);

	return $out;
}

# Make the products that a file of offers updates.
sub load_before
{
	my ($offers) = @_;
	my ($header, @rows) = csv_rows(read_file($offers), ',');
	my $csv = "vendor_product_id,product_name,category,sku,price,stock_quantity\n"
		. join('', map { "$_->[0],Product $_->[0],Kitchen,$_->[0],1.00,1\n" } @rows);

	is_exit(0, 'the products that are updated', 'load', write_file('before.csv', $csv), '--vendor', 'G');
	return;
}

# Guess the map of a file, store it, supply its categories, and load the file.
sub check_file
{
	my ($path) = @_;
	my ($name) = $path =~ m{([^/]*)\.csv$};
	my $special = $special{$name} // {};
	my $categories = "$folder/$name.categories.csv";
	my $map = guess($special->{missing} ? 1 : 0, $path) . ($special->{add} // '');

	sql('TRUNCATE onboard.products, onboard.upload_history, onboard.map_values CASCADE');
	load_before($path) if $special->{before};
	is_exit(0, "$name: the map is accepted", 'map', 'set', $name, write_file("$name.map", $map), '--vendor', 'G');
	is_exit(0, "$name: the list of categories", 'map', 'values', 'categories', $categories, '--vendor', 'G') if -e $categories;
	my ($out) = is_exit(0, "$name: loads", 'load', $path, '--vendor', 'G', '--map', $name, '--json');
	my $result = json_of($out);

	is($result->{error_records}, 0, "$name: every row is good");
	cmp_ok($result->{valid_records}, '>=', 10, "$name: there are rows");
	is($result->{skipped_rows} // 0, $special->{skipped} // 0, "$name: rows that are not products");
	return;
}

check_file($_) for grep { !/\.categories\.csv$/ } glob "$folder/*.csv";

# What a program reads.
my $result = json_of(guess(0, "$folder/de_preisliste.csv", '--json'));
my %columns = map { $_->{column} => $_ } @{ $result->{columns} };

is($columns{price}{heading}, 'VK brutto', 'JSON names the heading of a column');
is($columns{price}{source}, '"VK brutto" | thousands(".") | decimal_comma', 'with its transformations');
cmp_ok($columns{price}{percent}, '>', 90, 'how sure it is');
like($columns{price}{reason}, qr/heading \(German\); prices with a decimal comma/, 'and why');
is_deeply($result->{missing}, [], 'nothing is missing');
is($result->{rows}, 12, 'and counts the rows');
is($result->{definition}, characters(guess(0, "$folder/de_preisliste.csv")), 'the text is the same');
like($result->{definition}, qr/^encoding windows-1252$/m, 'and names the encoding');
is(characters(guess(0, "$folder/de_preisliste.csv", qw(--encoding auto))), $result->{definition}, 'so does --encoding auto');
is_deeply([ sort map { $_->{value} } @{ $result->{unknown_categories} } ],
	[ sort map { characters($_->[0]) } (csv_rows(read_file("$folder/de_preisliste.categories.csv"), ','))[ 1 .. 6 ] ],
	'unknown categories are listed');

# The list of categories, to be filled in.
guess(0, "$folder/es_tarifa.csv", '--csv', "$CliTest::work/list.csv");
my $list = read_file("$CliTest::work/list.csv");
like($list, qr/value,replacement\n/, 'the categories are written as a value list');
like($list, qr/^Cocina,/m, 'with one line for each');
is_exit(0, 'which is stored as it is', 'map', 'values', 'categories', "$CliTest::work/list.csv", '--vendor', 'G');

# All rows of a long file tell its categories.
my $long = "Artikelnummer;Bezeichnung;Warengruppe;Preis;Bestand\n"
	. join('', map { "L$_;Ding Nummer $_;" . ($_ < 2000 ? 'Kitchen' : 'Keller') . ";1,50;3\n" } 1 .. 2000);
like(guess(0, write_file('long.csv', $long)), qr/^#   "Keller" = \?$/m, 'the last of 2,000 rows has a category of its own');

# Headings that occur twice do not keep a file from being loaded.
my $twice = write_file('twice.csv', "sku;name;category;price;stock;Bild;Bild\nT-1;Ding rot;Kitchen;1,50;3;a;b\n");
is_exit(0, 'a map that ignores them', 'map', 'set', 'twice', write_file('twice.map', guess(0, $twice)), '--vendor', 'G');
is_exit(0, 'a file with repeated headings', 'load', $twice, '--vendor', 'G', '--map', 'twice');

# Other formats and ways to read.
my $book = write_workbook("$CliTest::work/book.xlsx", Info => [ ['Lieferant: Beispiel'] ],
	Produkte => [ csv_rows(read_file("$folder/de_shop.csv"), ',') ]);
%columns = map { $_->{column} => $_->{heading} } @{ json_of(guess(0, $book, '--json'))->{columns} };
is($columns{product_name}, 'Produktname', 'a workbook is read, from the sheet that has the headings');
like(guess(0, $book, '--sheet', 'Produkte'), qr/^sheet "Produkte"$/m, 'a named sheet is in the map');
my ($code, $out) = run_onboard('map', 'guess', '-', '--vendor', 'G', { stdin => "$folder/pl_cennik.csv" });
is($code, 0, 'standard input is read');
like($out, qr/^encoding windows-1250$/m, 'in the encoding that it has');
like(guess(1, write_file('odd.csv', "aaa^bbb\n1^2\n"), '--delimiter', '^'), qr/^delimiter "\^"$/m,
	'a named delimiter is in the map');
like(guess(0, "$folder/en_own.csv"), qr/needs no map/, 'a file with our headings needs no map');

# Maps that fit better than a guess.
for my $sample (sort keys %presets)
{
	my ($status, $text) = run_onboard('map', 'guess', "$data/maps/$sample", '--vendor', 'G', '--json');

	is(json_of($text)->{fitting_map}, $presets{$sample}, "$sample: a map that fits is named");
}
is(json_of(guess(0, "$folder/nl_webshop.csv", '--json'))->{fitting_map}, 'nl_webshop', 'so is the vendor\'s own');

# Refusals.
is_refused(2, qr/does not exist/, 'map', 'guess', 'none.csv', '--vendor', 'G');
is_refused(2, qr/vendor "NOBODY" does not exist/, 'map', 'guess', "$folder/en_own.csv", '--vendor', 'NOBODY');
is_refused(2, qr/HTML page/, 'map', 'guess', write_file('page.csv', "<html><body>Preis</body></html>\n"), '--vendor', 'G');
is_refused(2, qr/the file is empty/, 'map', 'guess', write_file('empty.csv', ''), '--vendor', 'G');
is_exit(3, 'no vendor', 'map', 'guess', "$folder/en_own.csv");

done_testing();
