# Choose how a file is applied: mode, key, blank policy, and the time of its contents.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
add_vendor(qw(V));

my ($out, $err);
my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";

# Load a file; returns the result.
sub load
{
	my ($code, $name, $file, @options) = @_;

	($out, $err) = is_exit($code, $name, 'load', $file, '--vendor', 'V', '--no-reports', '--json', @options);
	return json_of($out);
}

# What is stored about an upload
sub applied
{
	my ($upload_id) = @_;

	return sql("SELECT concat_ws(' ', mode, coalesce(match, '-'), blank, onboard.utc_text(source_time))
		FROM onboard.upload_history WHERE upload_id = '$upload_id'");
}

# Set when a file was last modified.
sub modify
{
	my ($file, $time) = @_;

	utime($time, $time, $file) == 1 or die "$file: $!";
	return $file;
}

# ----- the time of a file -----

my $year = 365 * 86400;
my $day = 1_767_517_200;    # 2026-01-04T09:00:00Z

write_file('V_20260103_080000.csv', $header . "T-1,Kettle,Kitchen,T-S1,10.00,3\n");
is(applied(load(0, 'a file with a time in its name', modify('V_20260103_080000.csv', $day))->{upload_id}),
	'insert - clear 2026-01-03T08:00:00Z', 'is of that time');
write_file('plain.csv', $header . "T-2,Kettle,Kitchen,T-S2,10.00,3\n");
is(applied(load(0, 'another file', modify('plain.csv', $day))->{upload_id}), 'insert - clear 2026-01-04T09:00:00Z',
	'is of the time when it was modified');
write_file('stated.csv', $header . "T-3,Kettle,Kitchen,T-S3,10.00,3\n");
is(applied(load(0, '--as-of', 'stated.csv', '--as-of', '2026-01-05T10:30:00+01:00')->{upload_id}),
	'insert - clear 2026-01-05T09:30:00Z', 'takes precedence');
write_file('V_20990101_000000.csv', $header . "T-4,Kettle,Kitchen,T-S4,10.00,3\n");
is(load(0, 'a name with a time in the future', 'V_20990101_000000.csv')->{status}, 'completed',
	'does not refuse new products');
write_file('V_20990102_000000.csv', "sku,price\nT-S4,11.00\n");
my $result = load(2, 'but it', 'V_20990102_000000.csv', '--mode', 'update');
is($result->{error}{code}, 'INVALID_SOURCE_TIME', 'refuses changes');
like($err, qr/the time of the file, 2099-01-02T00:00:00Z, is in the future; if that is wrong, specify its time with --as-of/, 'and says why');
is(load(0, 'with a right time', 'V_20990102_000000.csv', '--mode', 'update', '--as-of', '2026-02-01')->{status},
	'completed', 'it is loaded');
is(load(2, 'a future that is stated', 'stated.csv', '--again', '--as-of', '2099-01-01')->{error}{code},
	'INVALID_SOURCE_TIME', 'refuses everything');
is_refused(3, qr/option --as-of takes a time such as 2026-11-28T12:30:00Z or 2026-11-28, not "\Q$_\E"/,
	qw(load plain.csv --vendor V --as-of), $_)
	for 'yesterday', '2h', '', 'now', '2026-02-30', 'infinity', '0000-01-01T00:00:00Z';

# ----- the mode -----

write_file('new.csv', $header . "N-1,Kettle,Kitchen,N-S1,10.00,3\nN-2,Kettle,Kitchen,N-S2,10.00,3\n");
load(0, 'new products', modify('new.csv', $day - $year / 4));
write_file('prices.csv', "vendor_product_id,price,Colour\nN-1,11.00,red\n");
like(load(2, 'without a mode', 'prices.csv')->{error}{message}, qr/required columns missing from the header/,
	'prices alone are refused');
$result = load(0, 'with --mode update', 'prices.csv', '--mode', 'update', '--blank', 'keep');
like(applied($result->{upload_id}), qr/^update - keep /, 'they are applied');
is(sql("SELECT columns FROM onboard.upload_history WHERE upload_id = '$result->{upload_id}'"),
	'{vendor_product_id,price,Colour}', 'the upload has the columns of the file');
is(sql("SELECT price FROM onboard.products WHERE sku = 'N-S1'"), '11.00', 'and the product its price');
write_file('by_sku.csv', "sku,price\nN-S1,12.00\n");
is(applied(load(0, 'by --match', modify('by_sku.csv', $day + $year / 2), '--mode', 'update', '--match', 'sku')->{upload_id}),
	'update sku clear 2026-07-05T21:00:00Z', 'the key is stored');
write_file('no_key.csv', "product_name,price\nKettle,12.00\n");
like(load(2, 'without a key', 'no_key.csv', '--mode', 'update')->{error}{message},
	qr/the header must have one of these columns: vendor_product_id, sku/, 'nothing is found');
like(load(2, 'without the key that is asked for', 'prices.csv', '--mode', 'update', '--match', 'sku')->{error}{message},
	qr/required column missing from the header: sku/, 'the missing key is named');
like(load(2, 'a mode that may insert', 'prices.csv', '--mode', 'upsert')->{error}{message},
	qr/required columns missing from the header: product_name, category, sku, stock_quantity/, 'needs all columns');

$result = load(2, 'a mode that the vendor may not use', 'new.csv', '--mode', 'replace');
is($result->{error}{code}, 'MODE_NOT_ALLOWED', 'is refused');
like($err, qr/its modes are: insert, upsert, update; change them with "onboard vendor set V --modes LIST"/, 'and says what helps');
is(load(2, 'again', 'new.csv', '--mode', 'replace')->{upload_id}, $result->{upload_id}, 'it is the same upload');
write_file('other_prices.csv', "vendor_product_id,price\nN-1,11.00\n");
for my $file (qw(prices.csv other_prices.csv))
{
	$result = load(2, "$file lacks columns, too", $file, '--mode', 'replace');
	is($result->{error}{code}, 'MODE_NOT_ALLOWED', 'but the mode is refused first');
	like($err, qr/change them with "onboard vendor set V --modes LIST"/, 'with its advice');
	ok(!$result->{loaded_before}, 'as a new upload');
	is(load(2, 'again', $file, '--mode', 'replace')->{upload_id}, $result->{upload_id}, 'it is the same upload');
}
is_exit(0, 'once the vendor may', qw(vendor set V --default-mode update --modes), 'insert,upsert,update,replace');
write_file('fix.csv', "onboard_line,onboard_errors,$header" . "2,wrong,N-9,Kettle,Kitchen,N-S9,10.00,3\n");
like(applied(load(0, 'a fix file', 'fix.csv', '--mode', 'replace')->{upload_id}), qr/^upsert /, 'never replaces');
write_file('by_default.csv', "vendor_product_id,stock_quantity\nN-1,7\n");
like(applied(load(0, 'without a mode', 'by_default.csv')->{upload_id}), qr/^update /, 'the default of the vendor applies');
write_file('argument.csv', $header . "N-3,Kettle,Kitchen,N-S3,10.00,3\n");
like(applied(load(0, 'with one', 'argument.csv', '--mode', 'insert')->{upload_id}), qr/^insert /, 'it takes precedence');
is_refused(3, qr/option --mode takes one of these words: insert, upsert, update, replace; not "\Q$_\E"/,
	qw(load new.csv --vendor V --mode), $_)
	for 'merge', 'INSERT', '', 'insert upsert';
is_refused(3, qr/option --match takes one of these words: vendor_product_id, sku; not "name"/,
	qw(load new.csv --vendor V --match name));
is_refused(3, qr/option --blank takes one of these words: clear, keep; not "maybe"/, qw(load new.csv --vendor V --blank maybe));

# ----- which uploads are the same -----

my ($a, $b) = ("sku,price\nN-S2,20.00\n", "sku,price\nN-S2,21.00\n");
my @uploads;
for my $step ([ $a, 0 ], [ $b, 3600 ], [ $a, 7200 ])
{
	my ($content, $later) = @$step;

	write_file('daily.csv', $content);
	push @uploads, load(0, 'daily prices', modify('daily.csv', $day + $later), '--mode', 'update')->{upload_id};
	is(load(0, 'the same once more', 'daily.csv', '--mode', 'update')->{upload_id}, $uploads[-1], 'is the same upload');
	unlike($err, qr/is already upload/, 'without a note');
	is(sql("SELECT price FROM onboard.products WHERE sku = 'N-S2'"), ($content =~ /(\d+\.\d+)/)[0], 'its price applies');
}
is(scalar(keys %{ { map { $_ => 1 } @uploads } }), 3, 'A, B and A again are three uploads');
isnt(load(0, 'with another blank policy', 'daily.csv', '--mode', 'update', '--blank', 'keep')->{upload_id}, $uploads[-1],
	'it is another upload');
isnt(load(0, 'by a key that is named', 'daily.csv', '--mode', 'update', '--match', 'sku')->{upload_id}, $uploads[-1],
	'so it is with another key');
isnt(load(0, '--again', 'daily.csv', '--mode', 'update', '--again')->{upload_id}, $uploads[-1],
	'so it is with --again');
is(load(0, 'new products again, touched', modify('new.csv', $day + $year / 4), '--mode', 'insert')->{loaded_before},
	JSON::PP::true, 'are the same upload, however old the file is');

done_testing();
