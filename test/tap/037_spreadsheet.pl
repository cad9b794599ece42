# A vendor corrects rejected rows in a spreadsheet and sends them again: no key changes silently.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use IPC::Run ();
use Test::More;

# 0 if it is not installed; the round trip is then skipped.
my $office = IPC::Run::run([ 'sh', '-c', 'command -v soffice' ], '>', \my $ignored);

CliTest::setup();
add_vendor('V');

my @header = qw(vendor_product_id product_name category sku price stock_quantity Note);

# The number of the sheet's row, and what a vendor needs, by row number.
sub error_lines
{
	my ($path, $delimiter) = @_;
	my $text = read_file($path) =~ s/"[^"]*"/(my $cell = $&) =~ tr{\n}{~}; $cell/ger;

	return map { [ (split $delimiter)[0, 1, 5] ] } (split /\r\n/, $text)[1 .. 5];
}

# A file whose keys look like numbers, with a cell of two lines and a blank line
write_file('in.csv', join "\n", join(';', @header),
	"0004711;\"Kettle\ntwo lines\";Kitchen;00017;\$1,299.00;5;\"=1+1\"",
	'1234567890123456;Lamp;Kitchn;12345678901234567;12.50;3;fine',
	'A-4;Good;Kitchen;G-4;3.00;2;fine',
	'',
	'4006381333931;Pen;Kitchn;4006381333931;3.00;2;',
	'17;Chair;Kitchn;MAR1;x;2;',
	'a;b', '');
my ($out) = is_exit(1, 'a file with keys that look like numbers', 'load', 'in.csv', '--vendor', 'V', '--json');
my $result = json_of($out);
my $upload = $result->{upload_id};
my %reports = %{ $result->{reports} };

is($reports{workbook}, "onboard-reports/$upload/fix.xlsx", 'the workbook is reported');
is_deeply([ error_lines($reports{errors}, ';') ],
	[ [ 2, 'price', 1 ], [ 3, 'category', 2 ], [ 6, 'category', 4 ], [ 7, 'price', 5 ], [ 7, 'category', 5 ] ],
	'the error report has the delimiter of the file, and the rows of a spreadsheet');

# A spreadsheet does not show the line that names the delimiter
write_file('sep.csv', join "\n", 'sep=;', join(';', @header), 'SEP-1;Kettle;Kitchn;SEP-1;3.00;2;', '');
($out) = is_exit(1, 'a file that names its delimiter', qw(check sep.csv --vendor V --errors sep-errors.csv --json));
like(read_file('sep-errors.csv'), qr/^2;category;Kitchn;.*;1;SEP-1;/m, 'is shown without that line');
is(sql("SELECT workbook_file_s3_key FROM onboard.upload_history WHERE upload_id = '$upload'"),
	"$work/$reports{workbook}", 'the database stores the path of the workbook');
($out) = is_exit(0, 'only the workbook', 'report', $upload, '--format', 'xlsx', '--reports', 'other');
is($out, "other/$upload/fix.xlsx\n", 'is written');
is(read_file("other/$upload/fix.xlsx"), read_file($reports{workbook}), 'with the same bytes');

# What is in the workbook: all cells are text, and nothing runs
my $reader = <<'PYTHON';
import re, sys, zipfile
book = zipfile.ZipFile(sys.argv[1])
sheet = book.read("xl/worksheets/sheet1.xml").decode()
styles = book.read("xl/styles.xml").decode()
formats = re.findall(r'<xf numFmtId="(\d+)"', styles.partition("<cellXfs")[2].partition("</cellXfs>")[0])
for row in re.findall(r"<row .*?</row>", sheet, re.S):
    cells = re.findall(r'<c r="([A-Z]+)(\d+)"( s="(\d+)")?( t="(\w+)")?(?:/>|>(.*?)</c>)', row, re.S)
    print("|".join(f"{text and re.sub('<.*?>', '', text)}{'!' if formats[int(style)] != '49' else ''}"
                   f"{'?' if text and kind != 'inlineStr' else ''}"
                   for _, _, _, style, _, kind, text in cells).replace("\n", "~"))
print("formulas", sheet.count("<f>"), "links", sheet.count("hyperlink"),
      "notes", book.read("xl/comments1.xml").decode().count("<comment "), "pane", sheet.count("<pane "),
      "filter", sheet.count("<autoFilter "), "hidden", sheet.count('hidden="1"'))
PYTHON
IPC::Run::run([ 'python3', '-c', $reader, $reports{workbook} ], '>', \my $cells) or fail('the workbook is readable');
my @rows = split /\n/, $cells;
is($rows[0], join('|', @header, qw(onboard_line onboard_errors onboard_suggestion onboard_key)),
	'the workbook has the columns of the file and ours');
like($rows[1], qr/^0004711\|Kettle~two lines\|Kitchen\|00017\|\$1,299\.00\|5\|=1\+1\|2\|INVALID_PRICE: .*\|price: 1299\.00\|key:/,
	'cells as text, with the number format of text');
like($rows[5], qr/^a;b\|\|\|\|\|\|\|9\|MALFORMED_ROW: /, 'a record that could not be read is its first cell');
is($rows[6], 'formulas 0 links 0 notes 6 pane 1 filter 1 hidden 1', 'nothing runs; there are notes, a fixed header and a filter');

# Suggestions
($out) = is_exit(1, 'what the suggestions would do', 'fix', $upload);
is($out, "1 of the rejected rows has at least one suggestion with a plain meaning.\n"
	. "1 row is good with these suggestions applied.\n"
	. "3 suggestions are guesses and were not applied; see onboard_suggestion.\n"
	. "4 still need manual correction.\nNothing was written; --apply writes the file.\n", 'are counted');
($out) = is_exit(1, 'the suggestions', 'fix', 'latest', '--apply', '--json');
is_deeply(json_of($out), { upload_id => $upload, rejected => 5, corrected => 1, guesses => 3, good => 1, left => 4,
	file => "onboard-reports/$upload/fixed.csv" }, 'are applied');
like(read_file("onboard-reports/$upload/fixed.csv"), qr/^0004711;.*?;Kitchen;00017;1299\.00;5;=1\+1;/ms, 'to the cells');
like(read_file("onboard-reports/$upload/fixed.csv"), qr/^4006381333931;Pen;Kitchn;.*;category: Kitchen;/m, 'a guess is not');

write_file('plain.csv', join "\n", join(';', @header),
	'PL-1;Kettle;home > kitchens;PL-1;3.00;2;', 'PL-2;Fern;Plants;PL-2;3.00;2;', 'PL-3;Shelf;Kitchen/Bedroom;PL-3;3.00;2;', '');
is_exit(0, 'a category', qw(category add Pants));
is_exit(1, 'categories', qw(load plain.csv --vendor V));
my $plain = sql("SELECT upload_id FROM onboard.upload_history WHERE file_name = 'plain.csv'");
is_exit(1, 'their suggestions', 'fix', $plain, '--apply');
is_deeply([ map { (split /;/)[2] } (split /\r?\n/, read_file("onboard-reports/$plain/fixed.csv"))[ 1 .. 3 ] ],
	[ 'Kitchen', 'Plants', 'Kitchen/Bedroom' ], 'only one with a plain meaning is applied');

# Load or check what came back; returns "line code field suggestion", and compares both.
sub verdicts
{
	my ($name, $content) = @_;
	my $what = "concat_ws(' ', row_number, error_type, error_field, suggestion)";

	write_file("$name.csv", $content);
	run_onboard('check', "$name.csv", '--vendor', 'V', '--errors', "$name.errors.csv");
	my $errors = read_file("$name.errors.csv") =~ s/"[^"]*"//gr;
	my @dry = map { join ' ', (split /;/)[5, 10, 1, 4] } grep { /^\d/ } split /\r\n/, $errors;
	my (undef, $loaded) = run_onboard('load', "$name.csv", '--vendor', 'V', '--json');
	my $id = json_of($loaded)->{upload_id};
	my $found = sql("SELECT coalesce(string_agg($what, E'\\n' ORDER BY row_number, error_id), '')
		FROM onboard.validation_errors WHERE upload_id = '$id' AND severity = 'error'");

	is(join("\n", map { s/ +$//r } @dry), $found, "$name: dry run and load agree");
	return ($found, $id);
}

my $fix = read_file($reports{fix}) =~ s/^a;b.*\r\n//mr;

# The price is corrected, and the keys come back as a spreadsheet writes them
my $damaged = $fix =~ s/^0004711;/4711;/mr =~ s/;00017;\$1,299\.00/;17;1299/r
	=~ s/^1234567890123456;(.*?);12345678901234567;/1.23E+15;$1;1.23E+16;/mr
	=~ s/^4006381333931;(.*?);4006381333931;/4006381333931;$1;4,00638E+12;/mr
	=~ s/^17;(.*?);MAR1;x/17;$1;01. Mrz;4/mr =~ s/Kitchn/Kitchen/gr;
my ($found, $id) = verdicts('damaged', $damaged);
is($found, join("\n",
	'1 KEY_CHANGED_BY_SPREADSHEET vendor_product_id 0004711', '1 KEY_CHANGED_BY_SPREADSHEET sku 00017',
	'2 KEY_CHANGED_BY_SPREADSHEET vendor_product_id 1234567890123456',
	'2 KEY_CHANGED_BY_SPREADSHEET sku 12345678901234567',
	'3 KEY_CHANGED_BY_SPREADSHEET sku 4006381333931', '4 KEY_CHANGED_BY_SPREADSHEET sku MAR1'),
	'keys that a spreadsheet changed are refused, with the originals');

# The next fix file still remembers the originals
my $next = read_file("onboard-reports/$id/fix.csv");
($found) = verdicts('again', $next);
like($found, qr/^1 KEY_CHANGED_BY_SPREADSHEET vendor_product_id 0004711$/m, 'sent again as it is, too');
is(scalar(() = $found =~ /KEY_CHANGED/g), 6, 'all of them');

# A key that is corrected as suggested, and then opened in a spreadsheet, which drops its zeros
write_file('formula.csv', join "\n", join(';', @header),
	'FO-1;Kettle;Kitchen;="00126";3.00;2;', "0\xE2\x80\x8B04713;Pen;Kitchen;FO-2;3.00;2;", '');
is_exit(1, 'keys with characters that they must not have', 'load', 'formula.csv', '--vendor', 'V');
is_exit(0, 'their suggestions', 'fix', 'latest', '--apply');
my $formula = sql("SELECT upload_id FROM onboard.upload_history WHERE file_name = 'formula.csv'");
($found) = verdicts('zeros', read_file("onboard-reports/$formula/fixed.csv") =~ s/^004713;/4713;/mr =~ s/;00126;/;126;/r);
is($found, "1 KEY_CHANGED_BY_SPREADSHEET sku 00126\n2 KEY_CHANGED_BY_SPREADSHEET vendor_product_id 004713",
	'are remembered without these characters');

# A memo whose checksum is right may still hold what no file can: its keys are not text
my $forged = join "\n", 'vendor_product_id;product_name;category;sku;price;stock_quantity;onboard_key',
	'F-1;Kettle;Kitchen;###;x;2;key:8a24d796:%ff:F-1', '';
($found) = verdicts('forged', $forged);
is($found, '1 INVALID_PRICE price', 'a memo of bytes that are no text is ignored');

# Keys that a person changes, and memos that are damaged or belong to another row, do not matter
my $changed = $fix =~ s/^0004711;/NEW-1;/mr =~ s/;00017;\$1,299\.00/;S-17;1299/r
	=~ s/^1234567890123456;(.*)key:(\w+):1/12;$1key:$2:2/mr =~ s/;12345678901234567;/;1.5;/r
	=~ s/^17;(.*?);MAR1;x/17;$1;MAR2;4/mr =~ s/Kitchn/Kitchen/gr;
($found, $id) = verdicts('changed', $changed);
is($found, '', 'a deliberate change of keys passes');
is(sql("SELECT string_agg(sku || ' ' || vendor_product_id, ', ' ORDER BY sku) FROM onboard.products"),
	'1.5 12, 4006381333931 4006381333931, G-4 A-4, MAR2 17, S-17 NEW-1', 'and its rows are products');

SKIP:
{
	skip 'LibreOffice is not installed: apt-get install libreoffice-calc', 8 if !$office;

	# Open a file in LibreOffice and save it as CSV.
	sub save_in_office
	{
		my ($file, $folder) = @_;
		my $filter = '59,34,76,1';
		local $ENV{HOME} = $work;

		my $output;
		IPC::Run::run([ 'soffice', "-env:UserInstallation=file://$work/office", '--headless', "--infilter=CSV:$filter",
				'--convert-to', "csv:Text - txt - csv (StarCalc):$filter", '--outdir', $folder, $file ],
			'>&', \$output) or diag($output);
		return read_file("$folder/fix.csv");
	}

	is_exit(0, 'undo', 'undo', $id);

	my $saved = save_in_office($reports{fix}, 'saved_csv') =~ s/^"a";"b".*\n//mr;
	unlike($saved, qr/^"?0004711/m, 'LibreOffice damages the keys of the CSV file');
	($found, $id) = verdicts('saved_csv', $saved =~ s/\$1,299\.00/1299/r =~ s/"Kitchn"/"Kitchen"/gr);
	like($found, qr/^1 KEY_CHANGED_BY_SPREADSHEET vendor_product_id 0004711\n1 KEY_CHANGED_BY_SPREADSHEET sku 00017\n/,
		'so its rows are refused');
	is_exit(0, 'undo', 'undo', $id);

	$saved = save_in_office($reports{workbook}, 'saved_xlsx') =~ s/^"a;b".*\n//mr;
	($found) = verdicts('saved_xlsx', $saved =~ s/\$1,299\.00/1299/r =~ s/"Kitchn"/"Kitchen"/gr);
	is($found, '4 INVALID_PRICE price', 'the workbook keeps everything but what was corrected');
	is(sql("SELECT string_agg(sku || ' ' || vendor_product_id, ', ' ORDER BY sku) FROM onboard.products"),
		'00017 0004711, 12345678901234567 1234567890123456, 4006381333931 4006381333931, G-4 A-4', 'every key is kept');
}

done_testing();
