# Workbooks and compressed files through the command line: the same rows get the
# same verdicts in every format, whatever the file is called.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use IO::Compress::Gzip qw(gzip);
use Test::More;
use Workbook;

CliTest::setup();
add_vendor(qw(V W X Y Z));

my ($out, $err, $code, $result);
my @header = qw(vendor_product_id product_name category sku price stock_quantity colour);
my @rows = (
	[ 'A-1', 'Kettle', 'Kitchen', 'S-0017', \'19.989999999999998', \3, 'red, "dark"' ],
	[ 'A-2', "Tea\npot", 'Kitchen', \4006391234567, \'1E1', \0, '' ],
	[ 'A-3', 'Mug', 'Kitchn', 'S-3', \4, \5 ],
	[ 'A-4', 'Bowl', 'Kitchen', 'S-4', 'ten', \5 ],
);

# The same rows as CSV.
sub csv
{
	my @lines = map {
		join(',', map { my $cell = ref $_ ? 0 + $$_ : $_; $cell =~ s/"/""/g; qq{"$cell"} } @$_, ('') x (@header - @$_))
	} \@header, @rows;

	$lines[1] =~ s/19\.98\d*/19.99/;
	return join('', map { "$_\n" } @lines);
}

# What the database has of an upload, in a form that does not depend on the format.
sub stored
{
	my ($vendor) = @_;

	return sql("SELECT string_agg(concat_ws('|', row_number, sku, product_name, price, stock_quantity, attributes), ' '"
		  . " ORDER BY row_number) FROM onboard.products WHERE vendor_id = '$vendor'")
	  . sql("SELECT string_agg(concat_ws('|', row_number, error_type, error_field, rejected_value, suggestion), ' '"
		  . " ORDER BY row_number) FROM onboard.validation_errors WHERE vendor_id = '$vendor'");
}

sub metadata
{
	my ($upload) = @_;

	return sql("SELECT concat_ws(',', metadata ->> 'format', metadata ->> 'sheet', metadata ->> 'compression',"
		  . " metadata ->> 'delimiter') FROM onboard.upload_history WHERE upload_id = '$upload'");
}

# The same rows in every format
write_file('a.csv', csv());
write_workbook('book.csv', Notes => [ [ 'Read me', 'first' ] ], Products => [ ['Spring list'], [], \@header, @rows ]);
gzip 'a.csv' => 'gzip.csv';
write_zip('zip.csv', 'folder/a.csv' => csv(), '__MACOSX/a' => 'x');
my %found = (
	'a.csv' => [ 'V', ',' ],
	'book.csv' => [ 'W', 'xlsx,Products,' ],
	'gzip.csv' => [ 'X', 'gzip,,' ],
	'zip.csv' => [ 'Y', 'zip,,' ],
);
for my $file (sort keys %found)
{
	my ($vendor, $format) = @{ $found{$file} };

	# Two vendors cannot have the same SKU.
	sql('DELETE FROM onboard.products');
	($out) = is_exit(1, "$file is loaded", 'load', $file, '--vendor', $vendor, '--json');
	$result = json_of($out);
	is($result->{valid_records}, 2, "$file: valid rows");
	is($result->{error_records}, 2, "$file: rejected rows");
	is(metadata($result->{upload_id}), $format, "$file: what it is");
	$found{$file}[2] = stored($vendor);
	($out) = is_exit(1, "$file is loaded again", 'load', $file, '--vendor', $vendor, '--json');
	ok(json_of($out)->{loaded_before}, "$file: it was loaded before");
}
like($found{'a.csv'}[2], qr/^1\|S-0017\|Kettle\|19\.99\|3\|.*2\|4006391234567\|Tea\npot\|10\.00\|0\|/, 'values of the rows');
is($found{$_}[2], $found{'a.csv'}[2], "$_: the same products and errors as of CSV") for grep { $_ ne 'a.csv' } sort keys %found;

# Lines of a workbook are its rows
is(sql("SELECT string_agg(line_number::text, ',' ORDER BY line_number) FROM onboard.validation_errors WHERE vendor_id = 'W'"),
	'6,7', 'a row has the number that the spreadsheet shows');

# Standard input, dry run, comparison
sql('DELETE FROM onboard.products');
($out) = is_exit(1, 'a workbook from standard input is checked', 'check', '-', '--vendor', 'Z', '--json',
	{ stdin => 'book.csv' });
is(json_of($out)->{valid_records}, 2, 'check finds the valid rows');
($out) = is_exit(1, 'a workbook is compared', 'diff', 'book.csv', '--vendor', 'Z', '--json');
is(json_of($out)->{inserted}, 2, 'diff finds the new products') or diag $out;

# Sheets
write_workbook('two.xlsx',
	Old => [ \@header, [ 'T-1', 'Old', 'Kitchen', 'T-1', \1, \1 ] ],
	New => [ \@header, [ 'T-2', 'New', 'Kitchen', 'T-2', \1, \1 ] ]);
($out) = is_exit(0, 'first sheet', 'load', 'two.xlsx', '--vendor', 'Z', '--json');
my $first = json_of($out)->{upload_id};
($out) = is_exit(0, 'second sheet', 'load', 'two.xlsx', '--vendor', 'Z', '--sheet', 'New', '--json', '--quiet');
isnt(json_of($out)->{upload_id}, $first, 'another sheet is another upload');
($out) = is_exit(0, 'first sheet by its name', 'load', 'two.xlsx', '--vendor', 'Z', '--sheet', 'Old', '--json', '--quiet');
is(json_of($out)->{upload_id}, $first, 'the sheet that is found is the one that is named');
is(sql("SELECT string_agg(sku, ',' ORDER BY sku) FROM onboard.products WHERE vendor_id = 'Z'"), 'T-1,T-2', 'rows of both');
my $uploads = sql('SELECT count(*) FROM onboard.upload_history');
(undef, $err) = is_exit(3, 'sheet that does not exist', 'load', 'two.xlsx', '--vendor', 'Z', '--sheet', 'new');
like($err, qr/no sheet "new"; it has "Old", "New"/, 'the message lists the sheets');
(undef, $err) = is_exit(3, 'sheet of a text', 'load', 'a.csv', '--vendor', 'Z', '--sheet', 'Old');
is(sql('SELECT count(*) FROM onboard.upload_history'), $uploads, 'a wrong option records no upload');

# The workbook of the rejected rows is read back, and says what it said of them before
my ($book) = split /\n/, sql("SELECT upload_id FROM onboard.upload_history WHERE vendor_id = 'W'");
my $errors = "SELECT error_type, error_field, rejected_value FROM onboard.validation_errors WHERE upload_id = '%s' ORDER BY 1";
($out) = is_exit(1, 'the workbook of the rejected rows', 'load', "onboard-reports/$book/fix.xlsx", '--vendor', 'W', '--json');
$result = json_of($out);
is($result->{total_records}, 2, 'has the rejected rows');
is(sql(sprintf $errors, $result->{upload_id}), sql(sprintf $errors, $book), 'which are rejected for the same reasons');

# The workbook of the template
$code = system "'$onboard' template --format xlsx > '$work/template.xlsx'";
is($code, 0, 'a template is written as a workbook');
(undef, $err) = is_exit(0, 'and read', 'check', 'template.xlsx', '--vendor', 'Z', '--json');

# Limits
for my $file ('gzip.csv', 'book.csv')
{
	($out, $err) = is_exit(2, "$file: larger than the limit when unpacked", 'load', $file, '--vendor', 'Z', '--json',
		'--max-bytes', 10 + -s $file);
	is(json_of($out)->{error}{code}, 'FILE_TOO_LARGE', "$file: the code");
	like($err, qr/when unpacked; split it, or allow it with --max-bytes/, "$file: the advice");
}
($out) = is_exit(2, 'more rows than the limit', 'load', 'book.csv', '--vendor', 'Z', '--json', '--max-rows', 3);
is(json_of($out)->{error}{code}, 'TOO_MANY_ROWS', 'the code of too many rows');

# What is refused says what to send
my $bytes = read_file('book.csv');
my %refused = (
	'truncated.xlsx' => [ substr($bytes, 0, length($bytes) - 100), 'UNREADABLE_FILE', qr/damaged or incomplete/ ],
	'old.xls' => [ "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" . 'x' x 600, 'NOT_TEXT', qr/save it as "Excel Workbook \(\.xlsx\)"/ ],
	'password.xlsx' => [ "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" . join('', map { "$_\0" } split //, 'EncryptedPackage'),
		'NOT_TEXT', qr/remove the password/ ],
);
for my $file (sort keys %refused)
{
	my ($content, $failure, $advice) = @{ $refused{$file} };

	write_file($file, $content);
	($out, $err) = is_exit(2, $file, 'load', $file, '--vendor', 'Z', '--json');
	is(json_of($out)->{error}{code}, $failure, "$file: the code");
	like($err, $advice, "$file: the advice");
}

# A load that was killed is resumed
write_workbook('long.xlsx',
	Long => [ \@header, map { [ "L-$_", 'Spoon', 'Kitchen', "L-$_", \1, \1 ] } 1 .. 120_000 ]);
my @load = ('load', 'long.xlsx', '--vendor', 'Z', '--max-rows', '0', '--max-bytes', '0', '--json');
my $count = "SELECT count(*) FROM onboard.products WHERE vendor_id = 'Z' AND sku LIKE 'L-%'";
my $run = start_onboard(@load);
ok(stop_when($run, sub { sql($count) > 0 }), 'a workbook is being loaded');
my $before = sql($count);
kill 'KILL', $run->{child};
waitpid $run->{child}, 0;
cmp_ok($before, '<', 120_000, "it is killed after $before rows");
($out) = is_exit(0, 'a workbook is loaded after a kill', @load);
is(sql($count), 120_000, 'each row is there once');

done_testing();
