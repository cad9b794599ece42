# Files that are not UTF-8, and UTF-8 that is read in another encoding: what is
# refused, with which advice, and what --encoding auto and --force do.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
add_vendor('V');

my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\r\n";
my ($out, $err);

# A file of one row with this name of a product
sub named
{
	my ($file, $name) = @_;
	my $key = $file =~ s/\.csv//r;

	return write_file($file, $header . "$key,$name,Kitchen,$key-S,10.50,3\r\n");
}

sub stored_name
{
	my ($file) = @_;
	my $key = $file =~ s/\.csv//r;

	return sql("SELECT product_name FROM onboard.products WHERE vendor_product_id = '$key'");
}

# What each encoding looks like: file, bytes, encoding, name in UTF-8
for my $case ([ 'western.csv', "Gr\xF6\xDFe f\xFCr K\xFCchen", 'windows-1252', "Gr\xC3\xB6\xC3\x9Fe f\xC3\xBCr K\xC3\xBCchen" ],
	[ 'euro.csv', "Caf\xE9 5 \x80", 'windows-1252', "Caf\xC3\xA9 5 \xE2\x82\xAC" ],
	[ 'onebyte.csv', "Caf\xE9", 'windows-1252', "Caf\xC3\xA9" ])
{
	my ($file, $bytes, $encoding, $name) = @$case;

	named($file, $bytes);
	for my $command (qw(check load diff))
	{
		($out, $err) = is_exit(2, "$command $file", $command, $file, '--vendor', 'V');
		like($err, qr/^onboard: the file is not UTF-8; it looks like $encoding; load it with --encoding $encoding$/m,
			'the message names the encoding');
	}
	is(sql("SELECT failure_code || ': ' || failure_message FROM onboard.upload_history WHERE file_name = '$file'"),
		"WRONG_ENCODING: the file is not UTF-8; it looks like $encoding; save it as \"CSV UTF-8\" and send it again",
		'the mail says how to save it');
	is_exit(0, "check $file, found out", 'check', $file, '--vendor', 'V', '--encoding', 'auto');
	($out) = is_exit(0, 'found out', 'load', $file, '--vendor', 'V', '--encoding', 'auto', '--json');
	is(stored_name($file), $name, 'it is read as such');
	is(sql("SELECT metadata ->> 'encoding' FROM onboard.upload_history WHERE upload_id = '@{[ json_of($out)->{upload_id} ]}'"),
		$encoding, 'and the upload says how');
	($out) = is_exit(0, 'named', 'load', $file, '--vendor', 'V', '--encoding', $encoding, '--json');
	is(json_of($out)->{loaded_before}, JSON::PP::true, 'naming it makes no other upload');
}

# An encoding that an alphabet makes certain
named('cyrillic.csv', "\xCF\xF0\xE8\xE2\xE5\xF2 \xEC\xE8\xF0 \xF2\xEE\xE2\xE0\xF0\xFB");
is_exit(0, 'windows-1251', 'load', 'cyrillic.csv', '--vendor', 'V', '--encoding', 'auto');
is(stored_name('cyrillic.csv'), "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xD0\xBC\xD0\xB8\xD1\x80 "
	. "\xD1\x82\xD0\xBE\xD0\xB2\xD0\xB0\xD1\x80\xD1\x8B", 'is found out');

# From standard input, which can be read only once
named('piped.csv', "Gr\xF6\xDFe");
is_exit(0, 'standard input', 'load', '-', '--vendor', 'V', '--file-name', 'piped.csv', '--encoding', 'auto',
	{ stdin => 'piped.csv' });
is(stored_name('piped.csv'), "Gr\xC3\xB6\xC3\x9Fe", 'is read in the detected encoding');

# A heading in the wrong encoding is not another fault
write_file('heading.csv', $header =~ s/\r/,Gr\xF6\xDFe\r/r . "H-1,Cup,Kitchen,H-S1,10.50,3,L\r\n");
($out, $err) = is_exit(2, 'a heading', 'load', 'heading.csv', '--vendor', 'V');
like($err, qr/it looks like windows-1252; load it with/, 'is not a fault of its own');
is_exit(0, 'found out', 'load', 'heading.csv', '--vendor', 'V', '--encoding', 'auto');
is(sql("SELECT attributes::text FROM onboard.products WHERE sku = 'H-S1'"), "{\"Gr\xC3\xB6\xC3\x9Fe\": \"L\"}", 'the attribute');

# UTF-16 without a mark
write_file('wide.csv', ($header . "W-1,Cup \xE9,Kitchen,W-S1,10.50,3\r\n") =~ s/(.)/$1\0/gsr);
($out, $err) = is_exit(2, 'UTF-16 without a mark', 'load', 'wide.csv', '--vendor', 'V');
like($err, qr/it looks like UTF-16LE; load it with --encoding UTF-16LE$/m, 'is recognized');
is_exit(0, 'found out', 'load', 'wide.csv', '--vendor', 'V', '--encoding', 'auto');
is(sql("SELECT product_name FROM onboard.products WHERE sku = 'W-S1'"), "Cup \xC3\xA9", 'is read');

# Far from the beginning of the file
my @rows = map { "F-$_,Kettle,Kitchen,F-S$_,10.00," . 'x' x 900 . "\r\n" } 1 .. 9000;
write_file('far.csv', "vendor_product_id,product_name,category,sku,price,description,stock_quantity\r\n"
	. join('', map { s/\r/,3\r/r } @rows) . "F-0,Caf\xE9,Kitchen,F-S0,10.00,,3\r\n");
($out, $err) = is_exit(2, 'one byte after 8 MB of ASCII', 'check', 'far.csv', '--vendor', 'V');
like($err, qr/^onboard: the file is not UTF-8; it looks like windows-1252/, 'decides as well');

# Single damaged rows
for my $case ([ 'damaged.csv', "\xC3\xA9", "\xE9" ], [ 'replaced.csv', 'e', "\xEF\xBF\xBD" ])
{
	my ($file, $good, $bad) = @$case;
	my $key = uc $file =~ s/\..*//r;

	write_file($file, $header . "$key-1,Caf$good,Kitchen,$key-S1,10.50,3\r\n$key-2,Caf$bad,Kitchen,$key-S2,10.50,3\r\n");
	($out) = is_exit(1, $file, 'load', $file, '--vendor', 'V', '--json');
	is(json_of($out)->{causes}[0]{error_type}, 'INVALID_ENCODING', 'only the row is rejected');
}
($out) = is_exit(1, 'UTF-8 by name', qw(load western.csv --vendor V --encoding utf-8 --json));
is(json_of($out)->{causes}[0]{error_type}, 'INVALID_ENCODING', 'judges each row');
($out, $err) = is_exit(2, 'the refusal once more', qw(load western.csv --vendor V));
like($err, qr/^onboard: the file is not UTF-8; it looks like windows-1252; load it with --encoding windows-1252$/m,
	'is explained as before');
named('plain.csv', "Gr\xC3\xB6\xC3\x9Fe");
my @same = map { json_of((is_exit(0, "UTF-8 @$_", qw(load plain.csv --vendor V --json), @$_))[0])->{upload_id} }
  [], [qw(--encoding utf-8)], [qw(--encoding UTF8)], [qw(--encoding auto)];
is(scalar(keys %{ { map { $_ => 1 } @same } }), 1, 'a file that is UTF-8 is the same upload, whether that is named or not');

# The reverse
named('utf8.csv', "Gr\xC3\xB6\xC3\x9Fe");
for my $command (qw(check load))
{
	($out, $err) = is_exit(2, "$command UTF-8 as windows-1252", $command, 'utf8.csv', '--vendor', 'V', '--encoding',
		'windows-1252');
	like($err,
		qr/^onboard: the file is UTF-8, not windows-1252; load it without --encoding, or with --force if it really is windows-1252$/m,
		'is refused');
}
is(sql("SELECT count(*) FROM onboard.upload_history WHERE file_name = 'utf8.csv'"), 0, 'without a record');
is_exit(0, 'with --force', 'check', 'utf8.csv', '--vendor', 'V', '--encoding', 'windows-1252', '--force');
is_exit(0, 'with --force', 'load', 'utf8.csv', '--vendor', 'V', '--encoding', 'windows-1252', '--force');
is(stored_name('utf8.csv'), "Gr\xC3\x83\xC2\xB6\xC3\x83\xC5\xB8e", 'it is loaded');
named('ascii.csv', 'Cup');
is_exit(0, 'ASCII as windows-1252', 'load', 'ascii.csv', '--vendor', 'V', '--encoding', 'windows-1252');

done_testing();
