# A refusal that comes from the options of the command line is the operator's and
# not the vendor's: nothing is recorded, no mail is written.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
add_vendor('V');

my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";
my ($out, $err);

write_file('rows.csv', $header . join '', map { "R-$_,Kettle,Kitchen,R-S$_,10.00,3\n" } 1 .. 5);
write_file('semicolon.csv', ($header . "S-1,Kettle,Kitchen,S-S1,10.00,3\n") =~ tr/,/;/r);
write_file('incomplete.csv', "vendor_product_id;product_name\nI-1;Kettle\n");
write_file('utf8.csv', $header . "U-1,Caf\xC3\xA9,Kitchen,U-S1,10.00,3\n");
write_file('western.csv', "vendor_product_id;Gr\xF6\xDFe\nI-1;Kettle\n");

sub uploads
{
	return sql('SELECT count(*) FROM onboard.upload_history');
}

# File, failure code, message, options
my @slips = (
	[ 'rows.csv', 'TOO_MANY_ROWS', qr/more than 2 rows; .*--max-rows/, '--max-rows', '2' ],
	[ 'rows.csv', 'FILE_TOO_LARGE', qr/larger than 100 bytes; .*--max-bytes/, '--max-bytes', '100' ],
	[ 'semicolon.csv', 'NO_HEADER', qr/./, '--delimiter', '|' ],
	[ 'utf8.csv', 'WRONG_ENCODING', qr/without --encoding/, '--encoding', 'windows-1252' ],
	[ 'rows.csv', 'NO_HEADER', qr/./, '--encoding', 'UTF-16LE' ],
);
for my $slip (@slips)
{
	my ($file, $failure, $reason, @options) = @$slip;

	my (undef, $checked) = is_exit(2, "check $file @options", 'check', $file, '--vendor', 'V', @options);
	($out, $err) = is_exit(2, "$file @options", 'load', $file, '--vendor', 'V', @options);
	is($out, '', 'nothing is printed');
	like($checked, $reason, 'the message says what to do');
	like($err, qr/^\Q$checked\Eonboard: the options caused the refusal, so no upload is recorded; --record-refusal .*\n\z/,
		'the same as the check');
	($out, $err) = is_exit(2, 'as JSON, quietly', 'load', $file, '--vendor', 'V', '--json', '--quiet', @options);
	is(json_of($out)->{error}{code}, $failure, $failure);
	is($err, $checked, 'in one line');
}
is(uploads(), 0, 'no upload is recorded');
ok(!-e 'onboard-reports', 'and no report written');

# Recorded on request, and then still a slip without it
for my $run (1 .. 2)
{
	($out, $err) = is_exit(2, '--record-refusal', 'load', 'rows.csv', '--vendor', 'V', '--max-rows', '2', '--record-refusal');
	like($err, qr/the mail to the vendor is in \S+mail\.txt$/m, 'writes the mail');
	is(uploads(), 1, 'one upload is recorded');
}
($out, $err) = is_exit(2, 'without it', 'load', 'rows.csv', '--vendor', 'V', '--max-rows', '2');
like($err, qr/no upload is recorded/, 'it is a slip again');
is_exit(0, 'without the limit', 'load', 'rows.csv', '--vendor', 'V');
($out, $err) = is_exit(2, 'with it', 'load', 'rows.csv', '--vendor', 'V', '--max-rows', '2');
like($err, qr/already upload \S+, which is left unchanged/, 'the upload is known');

# What is wrong with the file is the vendor's, whatever the options are
my $before = uploads();
for my $fault ([ 'incomplete.csv', '--delimiter', ';' ], [ 'incomplete.csv', '--encoding', 'windows-1252' ],
	[ 'western.csv', '--encoding', 'windows-1252', '--delimiter', ';' ], [ 'incomplete.csv', '--max-rows', '2' ])
{
	my ($file, @options) = @$fault;

	sql("DELETE FROM onboard.upload_history WHERE file_name = '$file'");
	($out, $err) = is_exit(2, "$file @options", 'load', $file, '--vendor', 'V', @options);
	is(sql("SELECT failure_code FROM onboard.upload_history WHERE file_name = '$file'"), 'MISSING_COLUMN', 'is recorded');
}

# A default limit is the marketplace's
write_file('many.csv', $header . join '', map { "M-$_,Kettle,Kitchen,M-S$_,10.00,3\n" } 1 .. 10001);
is_exit(2, 'over the default limit', 'load', 'many.csv', '--vendor', 'V');
is(sql("SELECT failure_code FROM onboard.upload_history WHERE file_name = 'many.csv'"), 'TOO_MANY_ROWS', 'is recorded');

done_testing();
