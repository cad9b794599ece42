# Maps through the command line: which map a file is read with, what the map decides, and
# that load, check, diff and "map test" agree about a file in a vendor's own layout.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Encode qw(decode encode);
use IO::Compress::Gzip qw(gzip);
use Test::More;
use Workbook;

CliTest::setup();
add_vendor(qw(V W X));

my ($out, $err, $result);

# Load a file; return the result.
sub load
{
	my ($code, $name, @arguments) = @_;
	my ($stdout) = is_exit($code, $name, 'load', @arguments, '--json', '--quiet');

	return json_of($stdout);
}

# Store a map.
sub set_map
{
	my ($name, $text, @options) = @_;

	write_file("$name.map", $text);
	return is_exit(0, "map $name is stored", 'map', 'set', $name, "$name.map", @options);
}

sub columns_of
{
	my ($upload, $columns) = @_;

	return sql("SELECT concat_ws('|', $columns) FROM onboard.upload_history WHERE upload_id = '$upload'");
}

# A shop's own layout: variants below their product, rows of pictures, German numbers
my $map = <<'MAP';
# A shop in Berlin
delimiter ";"
encoding windows-1252
skip when "Nummer" is blank
vendor_product_id = "Nummer"
sku = "Nummer" | prefix("S-")
product_name = "Titel" | fill_down("Gruppe")
category = "Warengruppe" | fill_down("Gruppe") | values(categories)
price = "Preis" | thousands(".") | decimal_comma
stock_quantity = "Bestand"
attribute "Farbe" = "Farbe" | lower
ignore "Intern"
MAP
my @lines = (
	'Gruppe;Nummer;Titel;Warengruppe;Preis;Bestand;Farbe;Intern',
	'a;A-1;Teekanne;Küche;1.299,50;3;ROT;x',
	'a;A-2;;;19,90;0;BLAU;x',
	'a;;;;;;;x',
	'b;B-1;Lampe;Licht;zehn;2;;x',
	'b;B-2;;;5,00;2;;x',
);
write_file('shop.csv', encode('cp1252', decode('UTF-8', join('', map { "$_\r\n" } @lines))));
write_file('categories.csv', "value,replacement\nKüche,Kitchen\nLicht,Bedroom\n");

($out) = set_map('shop', $map, '--vendor', 'V');
like($out, qr/uses the value list "categories", which is empty; fill it with: onboard map values categories FILE --vendor V/,
	'what it lacks is named');
my (undef, $refusal) = is_exit(2, 'a list that contradicts itself is refused', qw(map values categories),
	write_file('contradiction.csv', "value,replacement\nKüche,Kitchen\n KÜCHE ,Bathroom\n"), qw(--vendor V));
like($refusal, qr/lines 2 and 3 have different replacements of/, 'with its lines');
is_exit(0, 'its value list is stored', qw(map values categories categories.csv --vendor V));
($out) = is_exit(0, 'and printed', qw(map values categories --vendor V));
like($out, qr/^value,replacement\n"Küche","Kitchen"\n"Licht","Bedroom"\n$/, 'as it was');

# Before and after
($out) = is_exit(0, 'the map is tried', qw(map test shop.csv --vendor V --map shop));
like($out, qr/^ +2  price +Preis +1\.299,50 +1299\.50$/m, 'a value that it changes');
like($out, qr/^ +3  product_name +Titel +Teekanne +Teekanne$/m, 'a cell that is filled down is what the vendor wrote');
like($out, qr/^Map "shop": 4 rows, 1 skipped\.$/m, 'rows and skipped ones');
like($out, qr/"Intern"/, 'what is not used');
($out) = is_exit(0, 'the map is tried for a program', qw(map test shop.csv --vendor V --map shop --json));
$result = json_of($out);
is_deeply([ @$result{qw(map_name total_records skipped_rows)} ], [ 'shop', 4, 1 ], 'with its counts');
is_deeply([ map { $_->{line_number} } @{ $result->{rows} } ], [ 2, 3, 5, 6 ], 'a skipped row has no number');
my ($price) = grep { $_->{column} eq 'price' } @{ $result->{rows}[0]{fields} };
is_deeply([ @$price{qw(heading before after)} ], [ 'Preis', '1.299,50', '1299.50' ], 'before and after');
is_exit(0, 'a map that is not stored is tried', qw(map test shop.csv --vendor V --map-file shop.map));
is(sql("SELECT count(*) FROM onboard.column_maps"), 1, 'and still not stored');
is_refused(3, qr/--map and --map-file cannot be combined/, qw(map test shop.csv --vendor V --map shop --map-file shop.map));
write_file('good.csv', "sku,vendor_product_id,product_name,category,price,stock_quantity\nS,P,Cup,Kitchen,1,1\n");
is_refused(3, qr/vendor V has no default map; name one with --map/, qw(map test good.csv --vendor V));
write_file('wrong.map', qq{sku = "Nummer"\nprice = "Preis" | decimal_coma\n});
is_refused(3, qr/^onboard: wrong\.map: line 2 of the map: .*did you mean decimal_comma/m,
	qw(map test shop.csv --vendor V --map-file wrong.map));
write_file('empty.map', "# sku = \"Nummer\"\n\n");
is_refused(3, qr/^onboard: empty\.map: the map has no statements\nWrite at least one, such as price = "Heading" or mode upsert;/m, @$_)
  for [qw(map set empty empty.map --vendor V)], [qw(map test shop.csv --vendor V --map-file empty.map)];

# An encoding that cannot be read is refused as --encoding is: when the map is stored, or, if SQL stored it, when it is used
my $unsupported = qr/encoding "nonsense-8" is not supported; "iconv -l" lists the supported ones/;
write_file('nonsense.map', "# shop\nsku = \"Nummer\"\nencoding nonsense-8\n");
is_refused(3, qr/^onboard: nonsense\.map: line 3 of the map: $unsupported$/m, @$_)
  for [qw(map set nonsense nonsense.map --vendor V)], [qw(map test shop.csv --vendor V --map-file nonsense.map)];
is_refused(3, qr/^onboard: $unsupported$/m, @$_, qw(shop.csv --vendor V --encoding nonsense-8))
  for ['load'], ['check'], [qw(map guess)];
sql(q{SELECT onboard_set_map('V', 'nonsense', E'\nencoding nonsense-8')});
$result = json_of((is_exit(2, 'a map that SQL stored', qw(load shop.csv --vendor V --map nonsense --json)))[0]);
is($result->{error}{code}, 'INVALID_SETTING', 'has an encoding that is refused');
like($result->{error}{message}, qr/^the map nonsense has a fault in line 2: $unsupported$/, 'for the same reason');
is(sql("SELECT count(*) FROM onboard.upload_history WHERE map_name = 'nonsense'"), 0, 'and no upload is recorded');
set_map('automatic', "encoding auto\n", qw(--vendor V));
is_exit(0, 'both maps are removed', qw(map remove), $_, qw(--vendor V)) for qw(nonsense automatic);

# Only maps that exist are suggested, shown and listed
is_refused(2, qr/map "automatik" does not exist; see "onboard map list"/, @$_, qw(--vendor V))
  for [qw(map show automatik)], [qw(load shop.csv --map automatik)];
is_refused(2, qr/map "shpo" does not exist; did you mean "shop"\?/, qw(map show shpo --vendor V));
is_refused(2, qr/map "automatic" does not exist; see "onboard map list"/, qw(map show automatic --vendor V));
($out) = is_exit(0, 'the maps of a vendor are listed', qw(map list --vendor V));
unlike($out, qr/automatic/, 'without one that was removed');
($out) = is_exit(0, 'the maps of all vendors are listed', qw(map list --json));
is_deeply([ map { [ @$_{qw(vendor_id map_name version is_preset is_default)} ] } grep { $_->{vendor_id} } @{ json_of($out) } ],
	[ [ 'V', 'shop', 1, JSON::PP::false, JSON::PP::false ] ], 'likewise');

# A dry run and a comparison say what a load does
($out) = is_exit(1, 'the file is checked', qw(check shop.csv --vendor V --map shop --errors errors.csv --json));
my $checked = json_of($out);
is_deeply([ @$checked{qw(total_records valid_records error_records skipped_rows map_name)} ], [ 4, 3, 1, 1, 'shop' ],
	'a dry run reads it through the map');
($out) = is_exit(1, 'the file is compared', qw(diff shop.csv --vendor V --map shop --json));
is_deeply([ @{ json_of($out) }{qw(inserted error_records skipped_rows map_name)} ], [ 3, 1, 1, 'shop' ], 'so does a comparison');
$result = load(1, 'the file is loaded', qw(shop.csv --vendor V --map shop));
my $upload = $result->{upload_id};
is_deeply([ @$result{qw(total_records valid_records error_records skipped_rows map_name)} ], [ 4, 3, 1, 1, 'shop' ], 'the load');
is_deeply($checked->{causes}, $result->{causes}, 'the causes of the dry run are those of the load');
is(sql("SELECT string_agg(concat_ws('|', row_number, line_number, sku, vendor_product_id, product_name, category, price,
	stock_quantity, attributes), ' ' ORDER BY row_number) FROM onboard.products"),
	'1|2|S-A-1|A-1|Teekanne|Kitchen|1299.50|3|{"Farbe": "rot"} 2|3|S-A-2|A-2|Teekanne|Kitchen|19.90|0|{"Farbe": "blau"} '
	  . '4|6|S-B-2|B-2|Lampe|Bedroom|5.00|2|{}', 'the products');
is(columns_of($upload, 'map_name, map_version, length(map_hash)'), 'shop|1|64', 'the upload names its map');
like(columns_of($upload, 'content_id'), qr/,delimiter=3b,encoding=WINDOWS-1252,map=[0-9a-f]{64}$/, 'whose hash identifies it');
($out) = is_exit(0, 'the upload is shown', 'status', $upload);
like($out, qr/^  map +shop, version 1\n  skipped +1$/m, 'with its map');
is_deeply([ @{ json_of((is_exit(0, 'for a program', 'status', $upload, '--json'))[0]) }{qw(map_name map_version skipped_rows)} ],
	[ 'shop', 1, 1 ], 'likewise');

# What the vendor reads is in its own words, and comes back through the same map
my $errors = read_file("onboard-reports/$upload/errors.csv");
like($errors, qr/^5;Preis;zehn;/m, 'the error report names the heading and quotes the cell');
like(read_file('errors.csv'), qr/^5;Preis;zehn;/m, 'so does that of the dry run');
my $fix = read_file("onboard-reports/$upload/fix.csv");
like($fix, qr/Gruppe;Nummer;Titel;Warengruppe;Preis;Bestand;Farbe;Intern;.*\r\nb;B-1;Lampe;Licht;zehn;2;;x;/, 'the fix file, too');
write_file('fix.csv', $fix =~ s/zehn/"1.010,00"/r);
load(0, 'the corrected row is loaded', qw(fix.csv --vendor V --map shop --encoding UTF-8));
is(sql("SELECT concat_ws('|', product_name, category, price) FROM onboard.products WHERE sku = 'S-B-1'"), 'Lampe|Bedroom|1010.00',
	'it is a product');

# In an archive, a file is read with its map as on its own.
gzip "$work/shop.csv" => "$work/shop.csv.gz";
write_zip("$work/packed.zip", 'shop.csv' => read_file('shop.csv'));
for my $packed ('shop.csv.gz', 'packed.zip')
{
	my $again;

	sql('DELETE FROM onboard.products');
	($out) = is_exit(1, "$packed is checked", 'check', $packed, qw(--vendor V --map shop --json));
	is_deeply([ @{ json_of($out) }{qw(causes skipped_rows)} ], [ @$checked{qw(causes skipped_rows)} ], 'as on its own');
	($out) = is_exit(1, "$packed is compared", 'diff', $packed, qw(--vendor V --map shop --json));
	is_deeply([ @{ json_of($out) }{qw(inserted error_records skipped_rows)} ], [ 3, 1, 1 ], 'likewise');
	$again = load(1, "$packed is loaded", $packed, qw(--vendor V --map shop));
	is_deeply([ @$again{qw(valid_records error_records skipped_rows map_name causes)} ], [ 3, 1, 1, 'shop', $checked->{causes} ],
		'likewise');
	is(read_file($again->{reports}{$_}), read_file("onboard-reports/$upload/$_.csv"), "its $_") for qw(errors fix);
}

# Which map a file is read with
($out, $err) = is_exit(2, 'without a map', qw(load shop.csv --vendor V --encoding windows-1252));
like($err, qr/map "shop" fits this file: load it with --map shop; without it: required columns missing from the header: [a-z_, ]+$/m,
	'the message begins with the map that fits, and guesses no headings');
($out, $err) = is_exit(2, 'without a map, checked', qw(check shop.csv --vendor V --encoding windows-1252));
like($err, qr/map "shop" fits this file: load it with --map shop; without it: required columns /m, 'likewise');
($out, $err) = is_exit(2, 'in a mode that is not allowed', qw(load shop.csv --vendor V --mode replace --encoding windows-1252));
like($err, qr/^onboard: vendor "V" may not use mode "replace"/m, 'no map is named, because it would not help');
write_file('ours.csv', "vendor_product_id;category;stock_quantity;Nummer;Titel;Warengruppe;Preis;Bestand\n"
	  . "a;Kitchen;1;n;T;K;1,00;1\n");
($out, $err) = is_exit(2, 'columns are missing', qw(load ours.csv --vendor V));
like($err, qr/map "shop" fits this file: load it with --map shop; without it: required columns missing from the header: product_name, sku, price$/m,
	'also if some columns were found');
is(sql("SELECT failure_message FROM onboard.upload_history WHERE file_name = 'ours.csv'"),
	'required columns missing from the header: product_name, sku, price', 'the upload keeps what is wrong, without advice');
for my $titled ([ 'titled.csv', "Preisliste;2026\r\n\r\n" . read_file('shop.csv') ], [ 'titled.xlsx' ])
{
	my ($path, $content) = @$titled;

	write_file($path, $content) if defined $content;
	write_workbook("$CliTest::work/$path", Info => [ [ 'Lieferant', 'Stand' ] ],
		Preise => [ [ 'Preisliste', '2026' ], map { [ split /;/ ] } @lines ]) unless defined $content;
	($out, $err) = is_exit(2, "titles above the header of $path", 'check', $path, '--vendor', 'V', '--encoding', 'windows-1252');
	like($err, qr/map "shop" fits this file: load it with --map shop; without it: /m, 'the map finds the header below them');
	($out) = is_exit(1, 'and reads the file', 'check', $path, '--vendor', 'V', '--map', 'shop', '--json');
	is(json_of($out)->{total_records}, 4, 'with all rows');
	($out) = is_exit(0, 'a guess', 'map', 'guess', $path, '--vendor', 'V', '--encoding', 'windows-1252', '--json');
	is(json_of($out)->{fitting_map}, 'shop', 'agrees');
}
write_file('late.csv', "Tisch;1;2;3;4;5;6;7\r\n" . read_file('shop.csv'));
($out, $err) = is_exit(2, 'a row above the header', qw(check late.csv --vendor V --encoding windows-1252));
unlike($err, qr/fits this file/, 'is no title, so no map would find the header');
set_map('sklep', <<'MAP', qw(--vendor X));
vendor_product_id = "Oznaczenie źródłowe"
sku = "Oznaczenie źródłowe"
product_name = "Treść"
category = constant "Kitchen"
price = "Wartość"
stock_quantity = constant "1"
MAP
write_file('sklep.csv', encode('cp1250', decode('UTF-8', join '', "Oznaczenie źródłowe;Treść;Wartość\n",
	map { "L-$_;Łyżka drewniana do gęstych sosów, ręcznie wykonana, źródło: Śląsk;$_.50\n" } 1 .. 50)));
($out, $err) = is_exit(2, 'headings in an encoding that is detected', qw(check sklep.csv --vendor X --encoding auto));
like($err, qr/map "sklep" fits this file: /, 'are compared in it');
my $prices = write_file('prices.map', "mode update\nsku = Nummer\nprice = Preis\n");
($out, $err) = is_exit(2, 'a map of changes, checked as new products', qw(check), write_file('prices.csv', "Nummer,Preis\na,1\n"),
	qw(--vendor V --map-file), $prices);
unlike($err, qr/fits this file/, 'the map that was used is no advice');
($out, $err) = is_exit(2, 'another vendor', qw(check shop.csv --vendor W --encoding windows-1252));
unlike($err, qr/map "shop"/, 'does not hear of the map');
like($err, qr/"onboard map guess" proposes a map$/m, 'but how to make one');
($out, $err) = is_exit(2, 'a file with a key', 'check', write_file('key.csv', "sku,Preis\nS-A-1,2\n"), qw(--vendor W));
like($err, qr/load it with --mode update$/m, 'may be one that changes products');
write_workbook("$CliTest::work/own.xlsx", Preise => [ ['Preisliste'], [ 'Nummer', 'Titel' ], [ 'a', 'b' ] ]);
($out, $err) = is_exit(2, 'a workbook without our headings', 'check', "$CliTest::work/own.xlsx", qw(--vendor W));
like($err, qr/it begins with "Preisliste"/, 'is shown as it begins');
write_workbook("$CliTest::work/own.xlsx", Info => [ ['Info'] ], Preise => [ [ 'Nummer', 'Titel' ], [ 'a', 'b' ] ]);
($out, $err) = is_exit(2, 'one with several sheets', 'check', "$CliTest::work/own.xlsx", qw(--vendor W));
like($err, qr/no sheet .*"onboard map guess" proposes a map$/m, 'may need a map');
is_refused(2, qr/map "shpo" does not exist; did you mean "shop"\?/, qw(load shop.csv --vendor V --map shpo));
is_refused(2, qr/map "shop" does not exist/, qw(check shop.csv --vendor W --map shop));
is_exit(0, 'the map becomes the default', qw(vendor set V --default-map shop));
$result = load(1, 'the file is loaded with the default map', qw(shop.csv --vendor V));
is_deeply([ @$result{qw(upload_id loaded_before)} ], [ $upload, JSON::PP::true ], 'which is the same load');
is_exit(2, 'no map is asked for', qw(load shop.csv --vendor V --map none --encoding windows-1252));
is_refused(3, qr/is the default map of vendor "V"\nChoose another default first: onboard vendor set V --default-map/,
	qw(map remove shop --vendor V));

# A changed map, or a changed list, is another reading
set_map('shop', "$map# edited\n", '--vendor', 'V');
$result = load(1, 'with the edited map', qw(shop.csv --vendor V));
ok(!$result->{loaded_before}, 'the file is another upload');
is(columns_of($result->{upload_id}, 'map_version'), 2, 'with the new version');
set_map('shop', $map, '--vendor', 'V');
$result = load(1, 'with the first text again', qw(shop.csv --vendor V));
is($result->{upload_id}, $upload, 'it is the first upload again');
is_exit(0, 'the list is changed', 'map', 'values', 'categories', write_file('other.csv', "value,replacement\nLicht,Bathroom\n"),
	qw(--vendor V));
$result = load(1, 'with another list', qw(shop.csv --vendor V));
ok(!$result->{loaded_before}, 'it is another upload, too');
is_exit(0, 'the list is removed', qw(map values categories --remove --vendor V));
for my $command (qw(load check diff))
{
	($out, $err) = is_exit(1, "$command without the list", $command, qw(shop.csv --vendor V));
	like($err, qr/map "shop" uses the value list "categories", which is empty; fill it with: onboard map values categories FILE --vendor V$/m,
		'names it');
}

# What the map decides, options override
my $plain = "sku,Title,vendor_product_id,category,price,stock_quantity\n";
write_file('w.csv', $plain . "W-1,Cup,W-1,Kitchen,2,1\nW-2,Mug,W-2,Kitchen,3,1\n");
set_map('w', qq{mode upsert\nmatch sku\nblank keep\nmax_rows 1\nproduct_name = "Title"\n}, qw(--vendor W --default));
$result = json_of((is_exit(2, 'the limit of the map', qw(load w.csv --vendor W --json)))[0]);
is($result->{error}{code}, 'TOO_MANY_ROWS', 'refuses the file');
$result = load(0, 'a limit of the command line', qw(w.csv --vendor W --max-rows 10));
is(columns_of($result->{upload_id}, 'mode, match, blank'), 'upsert|sku|keep',
	'takes its place; mode, match and blank are those of the map');
($out, $err) = is_exit(1, 'judged as new products', qw(check w.csv --vendor W --max-rows 10));
like($err, qr/judged as new products; map "w" loads with mode upsert, which "onboard diff" compares$/m, 'says so');
($out) = is_exit(0, 'compared', qw(diff w.csv --vendor W --max-rows 10 --json));
is_deeply([ @{ json_of($out) }{qw(mode unchanged)} ], [ 'upsert', 2 ], 'a comparison uses them');
$result = load(0, 'options', qw(w.csv --vendor W --max-rows 10 --mode update --match vendor_product_id --blank clear));
is(columns_of($result->{upload_id}, 'mode, match, blank'), 'update|vendor_product_id|clear', 'override them');
set_map('quotes', qq{quote "'"\nproduct_name = "Title"\n}, qw(--vendor W));
write_file('quotes.csv', $plain . "W-3,'Cup, blue',W-3,Kitchen,2,1\n");
load(0, 'the quote character of the map', qw(quotes.csv --vendor W --map quotes));
is(sql("SELECT product_name FROM onboard.products WHERE sku = 'W-3'"), 'Cup, blue', 'is used');
write_file('double.csv', $plain . "W-4,\"Cup, red\",W-4,Kitchen,2,1\n");
load(0, 'another one is given', 'double.csv', qw(--vendor W --map quotes --quote "));

# An exchange rate that is not stored
set_map('usd', qq{product_name = "Title"\nprice = "price" | exchange(GBP, USD)\n}, qw(--vendor X));
write_file('x.csv', $plain . "X-1,Cup,X-1,Kitchen,2,1\n");
$result = json_of((is_exit(2, 'a rate is missing', qw(load x.csv --vendor X --map usd --json)))[0]);
is($result->{error}{code}, 'INVALID_SETTING', 'the file is not read');
like($result->{error}{message}, qr/onboard map rate GBP USD/, 'and the command that helps is named');
is(sql("SELECT count(*) FROM onboard.upload_history WHERE vendor_id = 'X'"), 0, 'no upload is recorded');
is_refused(2, qr/onboard map rate GBP USD/, qw(check x.csv --vendor X --map usd));
is_exit(0, 'the rate is stored', qw(map rate GBP USD 1.27));
load(0, 'the file is loaded', qw(x.csv --vendor X --map usd));
is(sql("SELECT price FROM onboard.products WHERE sku = 'X-1'"), '2.54', 'at that rate');
is_exit(0, 'a new rate', qw(map rate GBP USD 1.3));
$result = load(1, 'the file is loaded at the new rate', qw(x.csv --vendor X --map usd));
ok(!$result->{loaded_before}, 'as another upload');
is(sql("SELECT string_agg(onboard_upload_map(upload_id) #>> '{rates,GBP/USD,rate}', ' ' ORDER BY created_at)
	FROM onboard.upload_history WHERE vendor_id = 'X'"), '1.27 1.3',
	'each upload keeps its rate');

# A map that is not stored
($out) = is_exit(0, 'a map in a file is tried', qw(map test shop.csv --vendor V --map-file shop.map));
like($out, qr/^Map in "shop\.map": 4 rows, 1 skipped\.$/m, 'and named by its file');

# What maps there are
($out) = is_exit(0, 'all maps are listed', qw(map list));
like($out, qr/^map +vendor +version +default +updated *\n(.*\n)*w +W +1 +yes /, 'in a table');
like($out, qr/^shopify: Products exported.*\n(  .*\n)*  You supply: The list "categories":/m, 'with what a preset needs');
unlike($out, qr/.{101}/, 'in short lines');
($out) = is_exit(0, 'the maps of a vendor', qw(map list --vendor W));
like($out, qr/^w +own +1 +yes /m, 'its own');
like($out, qr/^shopify +preset /m, 'and the presets');
is_refused(2, qr/map "quotes" does not exist; see "onboard map list", name its vendor with --vendor/, qw(map show quotes));

# Suggestions: "onboard fix" counts as good what a load of its file accepts, although the cells are the vendor's and one
# column has both keys.
my $numbers_map = <<'MAP';
delimiter ";"
mode upsert
sku = "Nr"
vendor_product_id = "Nr"
product_name = "Titel"
category = "Gruppe"
price = "Preis" | thousands(".") | decimal_comma
stock_quantity = "Bestand"
unit = constant "piece"
onboard_action = "Aktion"
MAP
set_map('numbers', $numbers_map, '--vendor', 'X');

# Apply the suggestions to the rejected rows of an upload, and load the file; returns the counts of "onboard fix".
sub is_fixed
{
	my ($name, $id, @options) = @_;
	my $fixed = json_of((run_onboard('fix', $id, '--apply', '--json'))[1]);
	my $loaded = json_of((run_onboard('load', $fixed->{file}, '--vendor', 'X', '--file-name', "$id.csv", '--json', '--quiet',
		@options))[1]);

	is_deeply([ $loaded->{valid_records}, $loaded->{error_records} ], [ @$fixed{qw(good left)} ], "$name: a load agrees");
	return [ @$fixed{qw(rejected corrected guesses good)} ];
}

my @numbers = ('Nr;Titel;Gruppe;Preis;Bestand;Aktion', '0017;Topf;Kueche > Kitchen;1.299,50;x;',
	'0018;Pfanne;home > kitchens;19,90;5;', '0019;Kelle;Kitchn;2,00;5;', '0020;Sieb;Kitchen;1,00;5;weg');
write_file('numbers.csv', join '', map { "$_\n" } @numbers);
$result = load(1, 'rows with suggestions', qw(numbers.csv --vendor X --map numbers));
my $numbers_fix = read_file($result->{reports}{fix});
is_deeply(is_fixed('suggestions', $result->{upload_id}, qw(--map numbers)), [ 4, 2, 1, 1 ],
	'a row has a suggestion for all its faults');
like(read_file("onboard-reports/$result->{upload_id}/errors.csv"), qr/^5;Aktion;weg;"Aktion ""weg"" is neither update nor delete"/m,
	'an action is reported under the heading of the vendor');
like($numbers_fix, qr/;"INVALID_ACTION: Aktion ""weg"" is neither update nor delete";/, 'in the fix file, too');
like(read_file("onboard-reports/$result->{upload_id}/mail.txt"), qr/The action in column Aktion is not possible here\./, 'and in the mail');

# An action under our own heading, however it is written.
write_file('action.csv', "Nr;Titel;Gruppe;Preis;Bestand;Onboard Action\n0030;Topf;Kitchen;1,00;5;away\n");
set_map('own-action', $numbers_map =~ s/^onboard_action.*\n//mr, '--vendor', 'X');
$result = load(1, 'an action', qw(action.csv --vendor X --map own-action));
like(read_file($result->{reports}{errors}), qr/^2;Onboard Action;away;"Onboard Action ""away"" is neither update nor delete"/m,
	'is reported under the heading as it is written');
like(read_file($result->{reports}{fix}), qr/^0030;Topf;Kitchen;1,00;5;away;/m, 'and comes back');

# A spreadsheet takes the zeros from the keys.
write_file('zeros.csv', $numbers_fix =~ s/^00(?=1)//mgr =~ s/;x;/;5;/r);
$result = load(1, 'changed keys', qw(zeros.csv --vendor X --map numbers));
is_deeply(is_fixed('changed keys', $result->{upload_id}, qw(--map numbers)), [ 4, 3, 1, 2 ],
	'both keys are restored in the one cell');

# The fix file has double quotes, whatever the vendor's file has.
for my $quote (qq{"'"}, 'none')
{
	my ($letter) = $quote =~ /(\w)/;
	my $title = defined $letter ? 'Cup "red"' : q{'Cup, "red"'};

	$letter //= 'q';
	set_map("ticks-$letter", qq{quote $quote\nproduct_name = "Title"\n}, '--vendor', 'X');
	write_file("ticks-$letter.csv", $plain . "$letter-1,$title,$letter-1,home > kitchens,2,1\n");
	$result = load(1, "the quote character $quote", "ticks-$letter.csv", '--vendor', 'X', '--map', "ticks-$letter");
	is_deeply(is_fixed("quote $quote", $result->{upload_id}, '--map', "ticks-$letter"), [ 1, 1, 0, 1 ], 'the row is good');
	is(sql("SELECT product_name FROM onboard.products WHERE sku = '$letter-1'"), $title =~ s/^'|'$//gr, 'as it was');
}

# split leaves a text without that part as it is, and the rules judge it.
set_map('sizes', <<'MAP', '--vendor', 'X');
vendor_product_id = "Nr"
sku = "Nr"
product_name = "Titel"
category = constant "Kitchen"
price = "Preis" | split("/", 2)
stock_quantity = constant "1"
MAP
write_file('sizes.csv', "Nr,Titel,Preis\nZ-1,Topf,9/12.50\nZ-2,Pfanne,12.50\nZ-3,Kelle,neun\nZ-4,Sieb,9/\n");
($out) = is_exit(0, 'a part', qw(map test sizes.csv --vendor X --map sizes));
like($out, qr{^ +2  price +Preis +9/12\.50 +12\.50$}m, 'that the text has');
like($out, qr/^ +3  price +Preis +12\.50 +12\.50$/m, 'that the text lacks');
like($out, qr/^ +4  price +Preis +neun +neun$/m, 'likewise');
like($out, qr{^ +5  price +Preis +9/ *$}m, 'that is blank');
$result = load(1, 'the rules judge the values', qw(sizes.csv --vendor X --map sizes));
is_deeply([ map { [ @$_[ 1 .. 3 ] ] } csv_rows(read_file($result->{reports}{errors}), ',') ],
	[ [ 'Error Field', 'Rejected Value', 'Error Message' ],
		[ 'Preis', 'neun', 'Preis "neun" is not a plain number such as 1299.00' ],
		[ 'Preis', '9/', 'Preis is required; the file has "9/"' ] ],
	'and a message says what the file has instead');

# A replace that comes too late: rows that a map skips and fills change products like rows in our own columns.
add_vendor(qw(Y Z));
for my $vendor (qw(Y Z))
{
	is_exit(0, "$vendor may replace", qw(vendor set), $vendor, '--modes', 'insert,upsert,update,replace', '--price-guard', '',
		'--sold-out-guard', '', '--discontinue-guard', '');
}
set_map('shelf', <<'MAP', '--vendor', 'Y');
skip when "Type" is "parent"
skip when "State" | fill_down("Group") is "draft"
vendor_product_id = "Code"
sku = "Code" | prefix("Y-")
product_name = "Title" | fill_down("Group")
category = "Kind" | fill_down("Group")
price = "Price" | decimal_comma
stock_quantity = constant "1"
ignore others
MAP

# Load lines in the vendor's layout, and the same products in ours; compare what they change.
sub is_same_change
{
	my ($name, $code, $mode, $time, $lines, $products) = @_;
	my @layouts = ([ 'Y', 'Group;Type;Code;Title;Kind;Price;State', $lines, '--map', 'shelf' ],
		[ 'Z', 'vendor_product_id,sku,product_name,category,price,stock_quantity', $products ]);
	my (@counts, @products);

	for my $layout (@layouts)
	{
		my ($vendor, $header, $rows, @options) = @$layout;
		my $file = write_file("shelf-$vendor-$time.csv", join '', map { "$_\n" } $header, @$rows);

		$result = load($code, "$name for $vendor", $file, '--vendor', $vendor, '--mode', $mode, '--as-of', "${time}T00:00:00Z",
			@options);
		push @counts, columns_of($result->{upload_id}, 'valid_records, error_records, inserted, updated, unchanged, stale, held,
			discontinued, discontinued_missing, unnamed_records');
		push @products, sql("SELECT string_agg(concat_ws('|', vendor_product_id, substr(sku, 3), product_name, category, price,
			status), E'\n' ORDER BY sku) FROM onboard.products WHERE vendor_id = '$vendor'");
	}
	is($counts[0], $counts[1], "$name: the same counts");
	is($products[0], $products[1], "$name: the same products");
	return $counts[0];
}

is_same_change('products', 0, 'upsert', '2026-01-10',
	[ 'a;parent;a;Shirt;Books;;', 'a;;A-1;;;1,00;', 'a;;A-2;;;2,00;', 'b;parent;b;Lamp;Kitchen;;', 'b;;B-1;;;3,00;',
		'b;;B-2;;;4,00;', 'c;;C-1;Cup;Kitchen;5,00;' ],
	[ 'A-1,Z-A-1,Shirt,Books,1.00,1', 'A-2,Z-A-2,Shirt,Books,2.00,1', 'B-1,Z-B-1,Lamp,Kitchen,3.00,1',
		'B-2,Z-B-2,Lamp,Kitchen,4.00,1', 'C-1,Z-C-1,Cup,Kitchen,5.00,1' ]);
is_same_change('a newer price', 0, 'upsert', '2026-01-20', ['a;;A-1;Shirt;Books;9,00;'], ['A-1,Z-A-1,Shirt,Books,9.00,1']);
like(is_same_change('a late replace', 1, 'replace', '2026-01-15',
	[ 'a;parent;a;Coat;Books;;', 'a;;A-1;;;1,50;', 'a;;A-2;;;2,50;', 'b;parent;b;Light;Kitchen;;', 'b;;B-1;;;3,00;',
		'c;parent;c;Cup;Kitchen;;draft', 'c;;C-1;;;5,00;', 'd;parent;d;Dish;Kitchen;;', 'd;;D-1;;;6,00;', 'd;;D-2;;;six;' ],
	[ 'A-1,Z-A-1,Coat,Books,1.50,1', 'A-2,Z-A-2,Coat,Books,2.50,1', 'B-1,Z-B-1,Light,Kitchen,3.00,1',
		'D-1,Z-D-1,Dish,Kitchen,6.00,1', 'D-2,Z-D-2,Dish,Kitchen,six,1' ]), qr/^4\|1\|1\|2\|0\|1\|0\|0\|2\|/,
	'one row is stale, and two products that no row names are discontinued');
is_same_change('one that is older still', 0, 'replace', '2026-01-05', [ 'a;parent;a;Old;Books;;', 'a;;A-1;;;0,50;' ],
	['A-1,Z-A-1,Old,Books,0.50,1']);

# Who may do what
sql("CREATE ROLE operator LOGIN; CREATE ROLE loader LOGIN;
	SELECT onboard_grant_operator('operator'), onboard_grant_loader('loader')");
my @operator = ('--db', conninfo('operator'));
my @loader = ('--db', conninfo('loader'));
set_map('mine', $map, qw(--vendor X), @operator);
is_exit(0, 'an operator tries a map', qw(map test shop.csv --vendor X --map-file shop.map), @operator);
is_exit(0, 'lists maps', qw(map list --vendor X), @operator);
is_exit(0, 'stores a list', qw(map values categories categories.csv --vendor X), @operator);
is_exit(0, 'stores a rate', qw(map rate EUR USD 1.1), @operator);
is_exit(0, 'chooses a default', qw(vendor set X --default-map mine), @operator);
($out, $err) = is_exit(4, 'a loader stores no map', qw(map set mine shop.map --vendor X), @loader);
like($err, qr/permission denied/, 'for lack of permission');
is_exit(0, 'shows one', qw(map show mine --vendor X), @loader);
sql('DELETE FROM onboard.products');
load(1, 'and loads with it', qw(shop.csv --vendor X), @loader);

done_testing();
