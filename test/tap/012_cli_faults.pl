# Every fault of a whole file: exit code 2, one line that says what to do, a
# failed upload if there is a vendor to notify, and nothing partially loaded.
# Also formats that are not faults.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
add_vendor(qw(V ASLEEP));
run_onboard('vendor', 'set-status', 'ASLEEP', 'suspended');

my ($out, $err, $code);

# Faults reported to the vendor: file, failure code, reason, options
my @faults = (
	[ 'empty.csv', 'EMPTY_FILE', qr/empty/ ],
	[ 'blank_lines.csv', 'NO_HEADER', qr/blank lines only/ ],
	[ 'no_header.csv', 'NO_HEADER', qr/header/ ],
	[ 'header_only.csv', 'NO_ROWS', qr/no rows/ ],
	[ 'missing_column.csv', 'MISSING_COLUMN', qr/stock_quantity/ ],
	[ 'misspelt_column.csv', 'MISSING_COLUMN', qr/stok_quantity/ ],
	[ 'duplicate_column.csv', 'DUPLICATE_COLUMN', qr/sku/i ],
	[ 'spreadsheet.csv', 'UNREADABLE_FILE', qr/damaged or incomplete/ ],
	[ 'noise.csv', 'NOT_TEXT', qr/text/ ],
	[ 'utf32.csv', 'UNSUPPORTED_ENCODING', qr/UTF-32/ ],
	[ 'bom.csv', 'TOO_MANY_ROWS', qr/more than 1 rows?/, '--max-rows', '1' ],
	[ 'windows1252.csv', 'WRONG_ENCODING', qr/not UTF-8; it looks like windows-1252/ ],
	[ 'bom.csv', 'FILE_TOO_LARGE', qr/larger than 100 bytes/, '--max-bytes', '100' ],
);
# What the operator can do
my %advice = (
	TOO_MANY_ROWS => qr/, or allow more with --max-rows \(0 for no limit\)$/,
	FILE_TOO_LARGE => qr/, or allow it with --max-bytes \d+ \(0 for no limit\)$/,
	MISSING_COLUMN => qr/; if the file changes products that the vendor has, load it with --mode update$/,
	WRONG_ENCODING => qr/; load it with --encoding windows-1252$/);
for my $fault (@faults)
{
	my ($file, $failure, $reason, @options) = @$fault;

	($out, $err) = is_exit(2, "$file @options", 'load', "$data/faults/$file", '--vendor', 'V', '--json',
		'--record-refusal', @options);
	my $result = json_of($out);

	is($result->{error}{code}, $failure, "$file: $failure");
	like($result->{error}{message}, $reason, "$file: the reason");
	like($result->{error}{message}, $advice{$failure}, "$file: and what to do") if $advice{$failure};
	like($err,
		qr/^onboard: \Q$result->{error}{message}\E\nonboard: upload \S+ has failed; the mail to the vendor is in \S+\n\z/,
		"$file: one line of reason, one about the mail");
	my ($status, $code_stored, $stored) = split /\|/, sql("SELECT status, failure_code, failure_message
		FROM onboard.upload_history WHERE upload_id = '$result->{upload_id}'"), 3;
	is("$status $code_stored", "failed $failure", "$file: a failed upload");
	like($stored, $reason, "$file: with the reason");
	my $mail = read_file("onboard-reports/$result->{upload_id}/mail.txt");
	like($mail, qr/^Details: \Q$stored\E \($failure\)$/m, "$file: the mail has the reason");
	unlike($mail, qr/--/, "$file: and no option, which the vendor does not have");
	is_deeply([ glob "onboard-reports/$result->{upload_id}/*.csv" ], [], "$file: there is no error report");

	($code, $out, $err) = run_onboard('check', "$data/faults/$file", '--vendor', 'V', @options);
	is($code, 2, "$file: check refuses it, too");
	like($err, $reason, "$file: for the same reason");
}
is(sql('SELECT count(*) FROM onboard.products'), 0, 'nothing is partially loaded');
is(sql('SELECT count(*) FROM onboard.upload_history'), scalar @faults, 'check left no trace');

# Faults in a pipe
($out, $err) = is_exit(2, 'a fault on standard input', 'load', '-', '--vendor', 'V',
	{ stdin => "$data/faults/spreadsheet.csv" });
like($err, qr/damaged or incomplete/, 'is reported as well');
($out, $err) = is_exit(2, 'an endless standard input', 'load', '/dev/zero', '--vendor', 'V');
like($err, qr/onboard: .*text/, 'is refused early');

# Faults without a vendor to notify
my $uploads = sql('SELECT count(*) FROM onboard.upload_history');
for my $fault ([ 'NOBODY', "$data/faults/bom.csv", qr/vendor "NOBODY" does not exist; see "onboard vendor list"/ ],
	[ 'V', "$work/nothing.csv", qr/file ".*" does not exist/ ],
	[ 'V', $FindBin::Bin, qr/the folder ".*" contains no CSV files, workbooks or archives/ ],
	[ 'V', "$data/VEND001_20260104_090000.csv", qr/the file name belongs to vendor VEND001, not V; correct --vendor/ ])
{
	my ($vendor, $path, $reason) = @$fault;

	for my $command (qw(load check))
	{
		($out, $err) = is_exit(2, "$command $path for $vendor", $command, $path, '--vendor', $vendor);
		like($err, $reason, 'says what to do');
		is(scalar(() = $err =~ /\n/g), 1, 'in one line');
		is($out, '', 'and nothing on standard output');
	}
}
SKIP:
{
	skip 'root can read everything', 2 if $> == 0;
	my $path = write_file('secret.csv', 'x');
	chmod 0, $path;
	($out, $err) = is_exit(2, 'an unreadable file', 'load', $path, '--vendor', 'V');
	like($err, qr/cannot read .*Permission denied/, 'says so');
}
is(sql('SELECT count(*) FROM onboard.upload_history'), $uploads, 'none of these creates an upload');

# A vendor that may not load
($out, $err) = is_exit(2, 'a suspended vendor', 'load', "$data/faults/bom.csv", '--vendor', 'ASLEEP');
like($err, qr/suspended.*"onboard vendor set-status ASLEEP active"/, 'says what to do');
is(sql("SELECT status, failure_code FROM onboard.upload_history WHERE vendor_id = 'ASLEEP'"),
	'failed|VENDOR_NOT_ACTIVE', 'the upload has failed');
($out, $err) = is_exit(2, 'a suspended vendor\'s check', 'check', "$data/faults/bom.csv", '--vendor', 'ASLEEP');
like($err, qr/is suspended/, 'says so');
run_onboard('vendor', 'set-status', 'ASLEEP', 'active');
is_exit(0, 'active again', 'load', "$data/faults/bom.csv", '--vendor', 'ASLEEP');
sql("SELECT onboard_undo_upload(upload_id) FROM onboard.upload_history WHERE status = 'completed'");

# A loaded file stays unchanged if other options would refuse it
is_exit(0, 'a file within its limits', 'load', "$data/faults/semicolon.csv", '--vendor', 'V');
($out, $err) = is_exit(2, 'the same with a tight limit', 'load', "$data/faults/semicolon.csv", '--vendor', 'V',
	'--max-rows', '1');
like($err, qr/this file is already upload V-[0-9a-f]+, which is left unchanged/, 'leaves the upload alone');
is(sql("SELECT count(*) FROM onboard.products WHERE sku LIKE 'SEM-%'"), 2, 'and its products');

# Formats that are not faults: file, accepted, rejected, options
for my $format ([ 'bom.csv', 2, 0 ], [ 'utf16le.csv', 2, 0 ], [ 'utf16be.csv', 2, 0 ],
	[ 'windows1252.csv', 2, 0, '--encoding', 'windows-1252' ], [ 'tab.csv', 2, 0 ], [ 'bar.csv', 2, 0 ],
	[ 'cr_only.csv', 2, 0 ], [ 'crlf.csv', 2, 0 ], [ 'mixed_line_ends.csv', 2, 0 ], [ 'no_final_line_end.csv', 2, 0 ],
	[ 'header_case.csv', 2, 0 ], [ 'line_break_in_quotes.csv', 1, 1 ], [ 'unclosed_quote.csv', 1, 1 ],
	[ 'stray_quote.csv', 2, 0 ], [ 'ragged.csv', 1, 2 ], [ 'bad_bytes.csv', 1, 2 ], [ 'other_columns.csv', 1, 1 ])
{
	my ($file, $good, $bad, @options) = @$format;

	($out) = is_exit($bad > 0 ? 1 : 0, "check of $file", 'check', "$data/faults/$file", '--vendor', 'V', '--json',
		@options);
	is(json_of($out)->{error_records}, $bad, "$file: check counts the rejected rows");
	($out) = is_exit($bad > 0 ? 1 : 0, $file, 'load', "$data/faults/$file", '--vendor', 'V', '--json', @options);
	is(json_of($out)->{valid_records}, $good, "$file: accepted rows");
	is(json_of($out)->{error_records}, $bad, "$file: rejected rows");
}
is(sql("SELECT product_name FROM onboard.products WHERE sku = 'WIN-S1'"), "Th\xC3\xA9i\xC3\xA8re \xE2\x82\xAC",
	'windows-1252 became UTF-8');
is(sql("SELECT product_name FROM onboard.products WHERE sku = 'LBQ-S1'"), "Kettle\nwith a\nlid",
	'line breaks in quotes are kept');
is(sql("SELECT line_number FROM onboard.validation_errors e JOIN onboard.upload_history u USING (upload_id)
	WHERE u.file_name = 'line_break_in_quotes.csv'"), 5, 'and the next row is on line 5');
is(sql("SELECT string_agg(DISTINCT error_type, ',' ORDER BY error_type) FROM onboard.validation_errors e
	JOIN onboard.upload_history u USING (upload_id) WHERE u.file_name IN ('ragged.csv', 'bad_bytes.csv',
	'stray_quote.csv', 'unclosed_quote.csv')"), 'INVALID_ENCODING,MALFORMED_ROW',
	'malformed records are reported as such');
like(sql("SELECT string_agg(DISTINCT error_message, ' ') FROM onboard.validation_errors
	WHERE error_type IN ('INVALID_ENCODING', 'MALFORMED_ROW')"), qr/field \d+ \([a-z_]+\) (?:has|holds) /,
	'a field is also reported with its column');
is(sql("SELECT attributes FROM onboard.products WHERE sku = 'OC-S1'"),
	'{"Colour": "red \"flame\"", "Größe": "2 l", "column_8": "x"}', 'unknown and blank columns are attributes');
my $fix = read_file((glob 'onboard-reports/' . sql("SELECT upload_id FROM onboard.upload_history
	WHERE file_name = 'other_columns.csv'") . '/fix.csv')[0]);
like($fix,
	qr/^\xEF\xBB\xBFvendor_product_id,product_name,category,sku,price,stock_quantity,Colour,column_8,Größe,onboard_line/,
	'and are in the fix file');
like($fix, qr/^OC-2,Teapot,Kitchen,OC-S2,bad,0,blue,,,3,/m, 'with the row as it was');

# Blank headings at the end of the header need no fields
write_file('blank_headings.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity,, \n"
	. "BH-1,Kettle,Kitchen,BH-S1,12,3\nBH-2,Kettle,Kitchen,BH-S2,12,3,,x\nBH-3,Kettle,Kitchen,BH-S3,12\n"
	. "BH-4,\"Kettle\nwith a lid\",Kitchen,BH-S4,12,3,x\nBH-5,Kettle,Kitchen,BH-S5,12,3,,,\n");
($out) = is_exit(1, 'blank headings', 'load', 'blank_headings.csv', '--vendor', 'V', '--json');
is(json_of($out)->{causes}[0]{message}, 'the record has 5 fields, the header has 8', 'a row lacks a field');
is(sql("SELECT string_agg(sku || ' ' || attributes, E'\n' ORDER BY sku) FROM onboard.products WHERE sku LIKE 'BH-%'"),
	qq(BH-S1 {}\nBH-S2 {"column_8": "x"}\nBH-S4 {"column_7": "x"}\nBH-S5 {}), 'the others lack only blank ones');

# Empty rows at the end are ignored, however many there are
my $head = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";
write_file('ghosts.csv', $head . "G-1,Kettle,Kitchen,G-S1,12,3\n" . ",,,,,\n" x 20_000);
for my $command (qw(check load))
{
	($out, $err) = is_exit(0, "$command of a file with 20,000 empty rows", $command, 'ghosts.csv', '--vendor', 'V');
	like($err, qr/^onboard: 20,?000 empty rows at the end of the file ignored$/m, "$command says so");
}
is(sql("SELECT total_records, metadata ->> 'empty_rows' FROM onboard.upload_history WHERE file_name = 'ghosts.csv'"),
	'1|20000', 'and they are counted');
write_file('ghosts.csv', $head . ",,,,,\n" x 20_000 . "G-2,Kettle,Kitchen,G-S2,12,3\n");
($out, $err) = is_exit(2, 'empty rows above a row', 'load', 'ghosts.csv', '--vendor', 'V');
like($err, qr/more than 10000 rows, of which 10000 or more are empty; remove these, or split it/, 'are rows');
($out) = is_exit(1, 'with a higher limit', 'load', 'ghosts.csv', '--vendor', 'V', '--max-rows', '0');
is(sql("SELECT count(*), min(line_number), max(line_number), min(error_message) FROM onboard.validation_errors
	WHERE error_type = 'EMPTY_ROW'"), '20000|2|20001|row is empty', 'they have a finding each');
is(sql("SELECT row_number, line_number FROM onboard.products WHERE sku = 'G-S2'"), '20001|20002',
	'and the row below has its own number');

# The fix file uses the delimiter of the original file
write_file('semi.csv', "vendor_product_id;product_name;category;sku;price;stock_quantity\n"
	. "Z-1;Kettle;Kitchen;Z-S1;ten;3\n");
($out) = is_exit(1, 'semicolons', 'load', 'semi.csv', '--vendor', 'V', '--json');
like(read_file(json_of($out)->{reports}{fix}), qr/^\xEF\xBB\xBFvendor_product_id;product_name;/,
	'are in the fix file as well');
($out, $err) = is_exit(2, 'a wrong --delimiter', 'load', "$data/faults/tab.csv", '--file-name', 'x.csv',
	'--vendor', 'V', '--delimiter', ';');
like($err, qr/header|column/, 'is a fault of the header');

# File contents never reach a terminal or a spreadsheet as commands
($out) = is_exit(1, 'a hostile file', 'load', "$data/faults/hostile.csv", '--vendor', 'V');
unlike($out, qr/[\x00-\x08\x0B-\x1F\x7F]/, 'prints no control characters');
my $errors = read_file((glob 'onboard-reports/' . sql("SELECT upload_id FROM onboard.upload_history
	WHERE file_name = 'hostile.csv'") . '/errors.csv')[0]);
unlike($errors, qr/(?:^|,)"?=/m, 'no cell of the error report is a formula');
like($errors, qr/,-5,/, 'and a negative number is unchanged');
is_exit(1, 'its check', 'check', "$data/faults/hostile.csv", '--vendor', 'V', '--file-name', 'y.csv', '--errors',
	'hostile-check.csv');
unlike(read_file('hostile-check.csv'), qr/(?:^|,)"?=/m, 'check writes no formulas either');

# A user's constraint trigger that is deferred to the end of the transaction
sql(<<'SQL');
CREATE FUNCTION public.no_thirteen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF NEW.price = 13 THEN RAISE EXCEPTION 'thirteen is no price'; END IF;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER no_thirteen AFTER INSERT ON onboard.products DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION public.no_thirteen();
SQL
write_file('deferred.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity\n"
	. "D-1,Kettle,Kitchen,D-S1,12,3\nD-2,Kettle,Kitchen,D-S2,13,3\n");
is_exit(1, 'a row that a deferred trigger refuses', 'load', 'deferred.csv', '--vendor', 'V');
is(sql("SELECT row_number || error_type || error_message FROM onboard.validation_errors
	WHERE vendor_product_id = 'D-2'"), '2REJECTED_BY_CATALOGUEthe catalogue refused the row: thirteen is no price',
	'has a verdict of its own');
is(sql("SELECT count(*) FROM onboard.products WHERE sku LIKE 'D-S%'"), 1, 'and the others are in the catalogue');
sql('DROP FUNCTION public.no_thirteen() CASCADE');

# A file that changes while it is being read
my $rows = join '', map { "C-$_,Kettle,Kitchen,C-S$_,10.50,3\n" } 1 .. 200_000;
write_file('changing.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity\n$rows");
my $process = start_onboard('load', 'changing.csv', '--vendor', 'V', '--json', '--max-rows', '0', '--max-bytes', '0');
ok(stop_when($process, sub { sql("SELECT count(*) FROM onboard.upload_history WHERE file_name = 'changing.csv'") > 0 }),
	'a load is running');
open my $file, '>>', 'changing.csv' or die;
print $file "C-X,Kettle,Kitchen,C-SX,10.50,3\n";
close $file;
kill 'CONT', $process->{child};
($code, $out, $err) = slurp_output($process);
is($code, 2, 'a file that changes while it is being read is refused') or diag("$out$err");
is(json_of($out)->{error}{code}, 'OBJECT_REPLACED', 'as replaced');
is(sql("SELECT count(*) FROM onboard.products WHERE sku LIKE 'C-S%'"), 0, 'and none of its products stay');

done_testing();
