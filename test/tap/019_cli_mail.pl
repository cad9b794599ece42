# onboard mail: the mail about an upload, and the texts of all mails; the main cause of a file's errors.

use strict;
use warnings FATAL => 'all';
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use lib dirname(abs_path(__FILE__));
use CliTest;

CliTest::setup();
add_vendor('SOUTH');

my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";
my $comma = join '', map { qq{P-$_,Lamp $_,Kitchen,S-$_,"1$_,50",3\n} } 1 .. 9;
my $price = qr/digits with a point before the cents/;
my ($out, $err);

# The main cause, in each place
write_file('comma.csv', $header . $comma . "P-10,Lamp,Kitchn,S-10,10.00,3\n");
for my $command ([qw(check comma.csv --vendor SOUTH)], [qw(diff comma.csv --vendor SOUTH --mode upsert)],
	[qw(load comma.csv --vendor SOUTH)], [qw(status latest)])
{
	my ($code, $text) = run_onboard(@$command);

	like($text,
		qr/^What is wrong\n  Nearly every row has the same fault; correct it first:\n  .*$price.*\n +9 rows  INVALID_PRICE in price/m,
		"onboard $command->[0] says the main cause first");
	is(scalar(() = $text =~ /$price/g), 1, 'and once');
	($code, $text) = run_onboard(@$command, '--json');
	my ($main, @others) = @{ json_of($text)->{causes} };
	like($main->{advice}, $price, 'as JSON, too');
	is_deeply([ map { $_->{advice} } @others ], [undef], 'the other causes have no advice');
}
my ($upload) = sql('SELECT upload_id FROM onboard.upload_history');
like(read_file("onboard-reports/$upload/mail.txt"),
	qr/^One fault affects 9 of 10 rows\. Correct it first:\n  9 rows.*\n    .*$price.* \(INVALID_PRICE\)\n/m, 'the mail, too');

# One row less: no cause is the main one
write_file('few.csv', $header . $comma);
for my $command ([qw(check few.csv --vendor SOUTH)], [qw(load few.csv --vendor SOUTH)], [qw(status latest)])
{
	my ($code, $text) = run_onboard(@$command);

	unlike($text, qr/Nearly every row/, "onboard $command->[0]: 9 rows are too few");
}

# The mail about an upload
($out) = is_exit(0, 'onboard mail', 'mail', $upload);
is($out, read_file("onboard-reports/$upload/mail.txt"), 'is mail.txt');
like($out, qr/^To: \S+\@\S+\nSubject: Product Upload Failed - comma\.csv \(No Row Accepted\)\n\nYour file comma\.csv/,
	'with address and subject');
unlike($out, qr/\Q$CliTest::work\E/, 'without a path of the operator');
($out) = is_exit(0, 'onboard mail latest', qw(mail latest));
like($out, qr/few\.csv/, 'is that about the newest');
($out) = is_exit(0, 'onboard mail --language', 'mail', $upload, '--language', 'de');
like($out, qr/^Ein Fehler betrifft 9 von 10 Zeilen\. Beheben Sie ihn zuerst:$/m, 'in another language');
($out) = is_exit(0, 'onboard mail --json', 'mail', $upload, '--json');
is_deeply([ sort keys %{ json_of($out) } ], [qw(body subject to upload_id)], 'as JSON');

# The language of a vendor, and of the database
is_exit(0, 'the language of a vendor', qw(vendor set SOUTH --language de));
($out) = is_exit(0, 'onboard mail', 'mail', $upload);
like($out, qr/^Subject: Produktdatei nicht angenommen - /m, 'is that of its mails');
(undef, my $remark) = is_exit(0, 'a language without texts', qw(vendor set SOUTH --language pl-PL));
like($remark, qr/^onboard: there are no texts in the language pl-PL yet, so mails are in English;/, 'is remarked on');
(undef, $remark) = is_exit(0, 'a region of a language', qw(vendor set SOUTH --language de-AT));
is($remark, '', 'is not');
is_exit(0, 'no language', qw(vendor set SOUTH --language), '');
sql("ALTER DATABASE onboard SET onboard.language = 'de'");
($out) = is_exit(0, 'onboard mail', 'mail', $upload);
like($out, qr/^Subject: Produktdatei nicht angenommen - /m, 'otherwise that of the database');
sql('ALTER DATABASE onboard RESET onboard.language');
is_refused(3, qr/a language must be a code such as en or de-AT/, qw(vendor set SOUTH --language German));

# The texts: show, export, edit, import, reset
my ($english) = is_exit(0, 'onboard mail --template', qw(mail --template));
like($english, qr/^\[subject\.none\]\nProduct Upload Failed - \{file\} \(No Row Accepted\)$/m, 'prints the texts');
my ($german) = is_exit(0, 'onboard mail --template --language', qw(mail --template --language de));
like($german, qr/^\[rows\.other\]\n\{count\} Zeilen$/m, 'of a language');
write_file('de.txt', $german);
($out) = is_exit(0, 'importing what was exported', qw(mail --template --language de --import de.txt));
is($out, "No text differs.\n", 'changes nothing');
write_file('de.txt', $german =~ s/^\[mail\.header\]\n/[mail.header]\n*** LAMPENMARKT ***\nfür {vendor}\n/mr);
($out) = is_exit(0, 'onboard mail --template --import', qw(mail --template --language de --import de.txt));
is($out, "mail.header: changed\n", 'says what differs');
($out) = is_exit(0, 'onboard mail', 'mail', $upload, '--language', 'de');
like($out, qr/\n\n\*\*\* LAMPENMARKT \*\*\*\nfür .+\n\nIhre Datei/, 'has it');
($out) = is_exit(0, 'standard input', qw(mail --template --language de-AT --import -),
	{ stdin => write_file('at.txt', "[categories.heading]\nProdukte je Kategorie:\n") });
is($out, "categories.heading: changed\n", 'is read, too');
($out) = is_exit(0, 'onboard mail --template --reset', qw(mail --template --language de --reset --json));
is_deeply(json_of($out), [ { name => 'mail.header', change => 'reset' } ], 'restores the texts as shipped');
($out) = is_exit(0, 'the texts', qw(mail --template --language de));
is($out, $german, 'are as before');

# Mistakes
write_file('wrong.txt', "[rows.other]\n{cuont} rows\n");
is_refused(3, qr/^onboard: wrong\.txt: text "rows\.other" has an unknown placeholder \{cuont\}\nIt may have \{count\}\.$/m,
	qw(mail --template --import wrong.txt));
for my $case ([ 'latin1.txt', "[mail.footer]\nGr\xFC\xDFe\n" ], [ 'wide.txt', "[\0m\0a\0i\0l\0" ])
{
	is_refused(2, qr{^onboard: \S*/$case->[0]: the text is not UTF-8; save the file as UTF-8$}m,
		qw(mail --template --import), write_file(@$case));
}
is_refused(3, qr/language "German" is not a code/, qw(mail --template --reset --language German));
is_refused(2, qr/cannot read "nothing\.txt"/, qw(mail --template --import nothing.txt));
is_refused(3, qr/requires either UPLOAD or --template/, 'mail');
is_refused(3, qr/requires either UPLOAD or --template/, 'mail', $upload, '--template');
is_refused(3, qr/--import and --reset require --template/, 'mail', $upload, '--reset');
is_refused(3, qr/--import and --reset cannot be combined/, qw(mail --template --reset --import de.txt));

# Texts that were changed survive a dump; those shipped are not in it.
is_exit(0, 'a text of our own', qw(mail --template --import), write_file('own.txt', "[mail.footer]\nLamp market\n"));
my $dump = $CliTest::work . '/dump.sql';
my ($conninfo) = is_exit(0, 'onboard conninfo', 'conninfo');
chomp $conninfo;
is(system('pg_dump', '-f', $dump, '-d', $conninfo), 0, 'pg_dump');
my $dumped = read_file($dump);
like($dumped, qr/^en\tmail\.footer\tLamp market$/m, 'has our texts');
unlike($dumped, qr/Product Upload Failed/, 'but not those shipped');
sql('CREATE DATABASE restored');
my $restored = $conninfo =~ s/dbname=\w+/dbname=restored/r;
is(system('psql', '-Xqd', $restored, '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $dump), 0, 'it is restored');
($out) = is_exit(0, 'onboard mail', 'mail', $upload, '--db', $restored);
like($out, qr/^Lamp market$/m, 'the mail has the text');

# A workbook to fill in
for my $language ('en', 'de')
{
	my $code = system "'$CliTest::onboard' template --format xlsx --language $language > $language.xlsx";
	is($code, 0, "onboard template --format xlsx --language $language");
	like(read_file("$language.xlsx"), qr/^PK/, 'writes a workbook');
}
is_refused(3, qr/--explain cannot be combined/, qw(template --explain --format csv));
is_refused(3, qr/--delimiter is for --format csv only/, qw(template --format xlsx --delimiter tab));
SKIP:
{
	my $filled = "$CliTest::work/filled";

	skip 'no LibreOffice', 4 if system('which soffice > /dev/null 2>&1') != 0;
	is(system('soffice', "-env:UserInstallation=file://$CliTest::work/office", '--headless', '--convert-to',
		'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1', '--outdir', $filled,
		"$CliTest::work/en.xlsx"), 0, 'a spreadsheet opens it');
	my ($csv) = glob "$filled/*.csv";
	my ($template) = is_exit(0, 'onboard template', 'template');
	is(read_file($csv) =~ s/^\xEF\xBB\xBF//r, $template, 'and saves the template as it was: prices as typed');
	($out) = is_exit(0, 'its row', 'check', $csv, '--vendor', 'SOUTH');
	like($out, qr/^ +1  good +100\.0 %$/m, 'is valid');
}

done_testing();
