# Load, judge and report files.  Loading a file again changes nothing, and a
# killed load resumes where it stopped.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
add_vendor(qw(VEND001 VEND002 VEND003 V));

my ($out, $err, $code, $result);

# A clean file
($out) = is_exit(0, 'a clean file', 'load', "$data/VEND001_20260104_090000.csv", '--vendor', 'VEND001');
like($out, qr/^VEND001_20260104_090000\.csv: 30 rows in /m, 'the summary counts the rows');
like($out, qr/^\s+30  accepted\s+100\.0 %$/m, 'all accepted');
like($out, qr/^Upload VEND001-[0-9a-f]{16}: completed$/m, 'and names the upload');
is(sql("SELECT count(*) FROM onboard.products WHERE vendor_id = 'VEND001'"), 30, 'the products are there');

# A file with errors
($out) = is_exit(1, 'a file with errors', 'load', "$data/VEND003_20260106_143000.csv", '--vendor', 'VEND003', '--json');
$result = json_of($out);
is($result->{total_records}, 33, 'all rows are judged');
is($result->{error_records}, 5, 'the invalid ones are rejected');
is($result->{status}, 'partial', 'the upload is partial');
is($result->{success_rate_percent}, 84.8, 'the rate is rounded down');
my %causes = map { $_->{error_type} . ' ' . $_->{error_field} => $_ } @{ $result->{causes} };
is($causes{'INVALID_STOCK stock_quantity'}{rows}, 2, 'two bad stocks');
is($causes{'INVALID_STOCK stock_quantity'}{example_line}, 7, 'the first on line 7');
is($causes{'DUPLICATE_SKU sku'}{example_line}, 24, 'the duplicate on line 24');
like($causes{'DUPLICATE_SKU sku'}{message}, qr/line 23/, 'names the line that won');
is($causes{'MISSING_REQUIRED_FIELDS sku'}{rows}, 1, 'one missing SKU');
is($causes{'INVALID_PRICE price'}{rows}, 1, 'one negative price');

# Its reports
my %reports = %{ $result->{reports} };
is($reports{$_}, "onboard-reports/$result->{upload_id}/$_" . ($_ eq 'mail' ? '.txt' : '.csv'), "$_ is reported")
  for qw(errors fix mail);
is($reports{workbook}, "onboard-reports/$result->{upload_id}/fix.xlsx", 'and so is the workbook');
my $errors = read_file($reports{errors});
like($errors, qr/^\xEF\xBB\xBFSpreadsheet Row,Error Field,Rejected Value,Error Message,Suggestion,Row Number,Vendor Product ID,/,
	'the error CSV begins with a byte order mark and its header');
is(scalar(() = $errors =~ /\r\n/g), 6, 'it has a line per error, ended by CR LF');
my $fix = read_file($reports{fix});
like($fix, qr/^\xEF\xBB\xBFvendor_product_id,.*,onboard_line,onboard_errors,onboard_suggestion,onboard_key\r\n/,
	'the fix CSV has the file\'s columns and ours');
is(scalar(() = $fix =~ /\r\n/g), 6, 'and a line per rejected row');
like(read_file($reports{mail}),
	qr/^To: vend003\@example\.com\nSubject: Product Upload Complete - VEND003_20260106_143000\.csv \(84\.8% Success, 5 to Correct\)\n\n/,
	'the mail');
is_deeply([ grep { /tmp/ } glob("onboard-reports/$result->{upload_id}/* onboard-reports/$result->{upload_id}/.*") ], [],
	'no unfinished file is left');
is(sql("SELECT error_file_s3_key FROM onboard.upload_history WHERE upload_id = '$result->{upload_id}'"),
	"$work/onboard-reports/$result->{upload_id}/errors.csv", 'the database stores the path of the report');

# The unedited fix file yields the same verdicts; the corrected one is accepted
write_file('unchanged.csv', $fix);
($out) = is_exit(1, 'the fix file unedited', 'load', 'unchanged.csv', '--vendor', 'VEND003', '--json', '--no-reports');
is(json_of($out)->{error_records}, 5, 'is rejected again');
is(json_of($out)->{reports}{errors}, undef, '--no-reports writes none');
is_exit(0, 'the corrected rows', 'load', "$data/VEND003_20260107_080000.csv", '--vendor', 'VEND003');
is(sql("SELECT count(*) FROM onboard.products WHERE vendor_id = 'VEND003'"), 33, 'complete the catalogue');

# Suggestions
($out) = is_exit(1, 'categories by their old names', 'load', "$data/VEND002_20260105_101500.csv", '--vendor', 'VEND002',
	'--reports', 'elsewhere');
like($out, qr/INVALID_CATEGORY in category\n\s+line 2: category "Men" .*\n\s+perhaps: Men's Clothing/,
	'come with suggestions');
ok(-e (glob 'elsewhere/VEND002-*/fix.csv')[0], '--reports puts the reports elsewhere');

# The same file again
($out) = is_exit(1, 'the same file again', 'load', "$data/VEND003_20260106_143000.csv", '--vendor', 'VEND003');
like($out, qr/loaded before, on \d{4}-\d\d-\d\d \d\d:\d\d; --again loads it as a new upload/,
	'says when it was loaded');
like($out, qr/^\s+28  accepted\s+84\.8 %$/m, 'and shows that result');
is(sql("SELECT count(*) FROM onboard.products WHERE vendor_id = 'VEND003'"), 33, 'and changes nothing');
($out) = is_exit(1, '--again', 'load', "$data/VEND003_20260106_143000.csv", '--vendor', 'VEND003', '--again', '--json');
is(json_of($out)->{error_records}, 33, 'loads it again: now all rows are duplicates or invalid');
isnt(json_of($out)->{upload_id}, $result->{upload_id}, 'as another upload');

is_exit(0, 'undo of the first', 'undo', $result->{upload_id});
sql("UPDATE onboard.upload_history SET created_at = created_at - interval '1 day'
	WHERE upload_id = '$result->{upload_id}'");
($out) = is_exit(1, '--again after undo', 'load', "$data/VEND003_20260106_143000.csv", '--vendor', 'VEND003', '--again',
	'--json');
my $again = json_of($out);
is($again->{valid_records}, 28, 'loads the good rows once more');
($out) = is_exit(1, 'the same file without', 'load', "$data/VEND003_20260106_143000.csv", '--vendor', 'VEND003',
	'--json');
is(json_of($out)->{upload_id}, $again->{upload_id}, 'shows the latest load');

# Under another name the same content is another upload
($out) = is_exit(1, 'another name', 'load', "$data/VEND001_20260104_090000.csv", '--vendor', 'VEND001', '--file-name',
	'other.csv', '--json');
is(json_of($out)->{file_name}, 'other.csv', 'is recorded');
is(json_of($out)->{loaded_before}, JSON::PP::false, 'and is new');

# Standard input, also from a pipe
($out) = is_exit(0, 'standard input', 'load', '-', '--vendor', 'V', '--file-name', 'piped.csv', '--json',
	{ stdin => "$data/faults/bom.csv" });
is(json_of($out)->{total_records}, 2, 'is loaded');
($out) = is_exit(0, 'standard input again', 'load', '-', '--vendor', 'V', '--file-name', 'piped.csv', '--json',
	{ stdin => "$data/faults/bom.csv" });
is(json_of($out)->{loaded_before}, JSON::PP::true, 'is recognized');

# Status
($out) = is_exit(0, 'status', 'status');
like($out, qr/^upload\s+file\s+status\s+rows\s+accepted\s+rejected\s+percent\s+reason\s+begun$/m,
	'lists uploads under headings');
like($out, qr/^\Q$result->{upload_id}\E\s+VEND003_20260106_143000\.csv\s+undone, partial\s+33\s+28\s+5\s+84\.8/m,
	'one a line');
($out) = is_exit(0, 'status --limit', 'status', '--limit', '2', '--json');
is(scalar @{ json_of($out) }, 2, 'shows that many');
($out) = is_exit(0, 'status of one', 'status', $result->{upload_id});
like($out, qr/^  status    partial$/m, 'shows its details');
like($out, qr/INVALID_STOCK in stock_quantity/, 'and causes');
($out) = is_exit(0, 'status of one as JSON', 'status', $result->{upload_id}, '--json');
is(json_of($out)->{error_records}, 5, 'for programs');
($out, $err) = is_exit(2, 'status of an unknown upload', 'status', 'nothing');
like($err, qr/upload "nothing" does not exist/, 'says so');

# Reports later
unlink glob "onboard-reports/$result->{upload_id}/*";
($out) = is_exit(0, 'report', 'report', $result->{upload_id});
is($out, join('', map { "onboard-reports/$result->{upload_id}/$_\n" } qw(errors.csv fix.csv fix.xlsx mail.txt)),
	'prints their paths');
is(read_file("onboard-reports/$result->{upload_id}/errors.csv"), $errors, 'and they are the same bytes');

# Symbolic links planted in place of the reports are not followed.
my $folder = "onboard-reports/$result->{upload_id}";
my $victim = write_file('victim', "of another user\n");
unlink "$folder/errors.csv", "$folder/fix.csv";
symlink $victim, "$folder/$_" or die for qw(errors.csv fix.csv);
is_exit(0, 'report where files of these names are symbolic links', 'report', $result->{upload_id});
is(read_file($victim), "of another user\n", 'their targets are unchanged');
is_deeply([ map { -l "$folder/$_" ? 'link' : read_file("$folder/$_") } qw(errors.csv fix.csv) ], [ $errors, $fix ],
	'and the links are now files');
mkdir 'victims' or die;
rename $folder, "$folder.away" or die;
symlink "$work/victims", $folder or die;
($out, $err) = is_exit(4, 'report where the folder of the upload is a symbolic link', 'report', $result->{upload_id});
is($err, "onboard: cannot write into $folder: it is a symbolic link; remove it, or name another folder with "
	. "--reports\n", 'is refused with a clear message');
is_deeply([ glob 'victims/*' ], [], 'and nothing is written to its target');
unlink $folder;
rename "$folder.away", $folder or die;
symlink "$work/victims", 'linked-reports' or die;
is_exit(0, 'a folder for all reports may be a symbolic link', 'report', $result->{upload_id}, '--reports',
	'linked-reports');
ok(-f "victims/$result->{upload_id}/fix.csv", 'and it is followed');

# Dry run
my $before = sql('SELECT (SELECT count(*) FROM onboard.products), (SELECT count(*) FROM onboard.upload_history),
	(SELECT count(*) FROM onboard.validation_errors)');
($out) = is_exit(1, 'check', 'check', "$data/VEND003_20260106_143000.csv", '--vendor', 'V', '--file-name', 'a.csv',
	'--errors', 'check.csv', '--json');
is(json_of($out)->{total_records}, 33, 'judges the whole file');
is(json_of($out)->{dry_run}, JSON::PP::true, 'and says that it was a dry run');
like(read_file('check.csv'), qr/^\xEF\xBB\xBFSpreadsheet Row,.*\r\n(?:\d+,.*\r\n)+\z/, 'writes the errors');
is_exit(1, 'onboard --errors FILE check', '--errors', 'status', 'check', "$data/VEND003_20260106_143000.csv",
	'--vendor', 'V', '--file-name', 'a.csv');
is(read_file('status'), read_file('check.csv'), 'even if the file is named before the command and like another '
	. 'command');
is(sql('SELECT (SELECT count(*) FROM onboard.products), (SELECT count(*) FROM onboard.upload_history), (SELECT count(*)
	FROM onboard.validation_errors)'), $before, 'and nothing else');

# Large enough for many chunks and transactions; load and check agree
my $rows = 120_000;
my $large = join '', "vendor_product_id,product_name,category,sku,price,stock_quantity,note\n",
  map { my $sku = $_ % 1000 == 999 ? $_ - 998 : $_; "L-$_,Kettle $_,Kitchen,L-S$sku," . ($_ % 100 == 50 ? '-' : '')
  	. "10.50,3,\"n \"\"$_\"\"\"\n" } 1 .. $rows;
write_file('large.csv', $large);
my @no_limits = ('--max-rows', '0', '--max-bytes', '0');
($out) = is_exit(1, 'check of a large file', 'check', 'large.csv', '--vendor', 'V', '--json', @no_limits);
my $checked = json_of($out);

# Rows of a vendor's latest upload that have a committed verdict
sub judged_rows
{
	my ($vendor) = @_;

	return sql("SELECT coalesce((SELECT valid_records + error_records FROM onboard.upload_history
		WHERE vendor_id = '$vendor' ORDER BY created_at DESC LIMIT 1), 0)");
}

# Killed repeatedly, then run to the end
my $killed = 0;
for my $rows (0, 10_000, 30_000, 50_000, 70_000)
{
	my $process = start_onboard('load', 'large.csv', '--vendor', 'V', '--json', @no_limits);

	$killed += stop_when($process, sub { judged_rows('V') >= $rows });
	kill 'KILL', $process->{child};
	slurp_output($process);
}
is($killed, 5, 'killed five times');
($out) = is_exit(1, 'run once more', 'load', 'large.csv', '--vendor', 'V', '--json', @no_limits);
my $loaded = json_of($out);
is($loaded->{total_records}, $rows, 'all rows are judged');
is($loaded->{error_records}, $checked->{error_records}, 'as in the dry run');
is_deeply([ map {
	"$_->{error_type} $_->{rows} "
	. "$_->{example_line}" } sort { $a->{error_type} cmp $b->{error_type} } @{ $loaded->{causes} } ],
	[ map {
		"$_->{error_type} $_->{rows} "
		. "$_->{example_line}" } sort { $a->{error_type} cmp $b->{error_type} } @{ $checked->{causes} } ],
		'for the same causes');
is(sql("SELECT count(*), count(DISTINCT row_number) FROM (SELECT row_number FROM onboard.products
	WHERE upload_id = '$loaded->{upload_id}'"
	  . " UNION ALL SELECT DISTINCT row_number FROM onboard.validation_errors
		WHERE upload_id = '$loaded->{upload_id}') r"),
	"$rows|$rows", 'no row is lost or duplicated');
is(sql("SELECT attributes FROM onboard.products WHERE upload_id = '$loaded->{upload_id}' AND row_number = 7"),
	'{"note": "n \"7\""}', 'unknown columns are attributes');

# A backend that is terminated repeatedly
add_vendor('W');
my $process = start_onboard('load', 'large.csv', '--vendor', 'W', '--json', @no_limits);
my $terminated = 0;
for my $rows (0, 10_000, 20_000, 30_000)
{
	$terminated += stop_when($process, sub {
		judged_rows('W') >= $rows
		  && sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'onboard'
			AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%COPY onboard.intake%'");
	});
	kill 'CONT', $process->{child};
}
is($terminated, 4, 'backends are terminated in the middle of their work');
($code, $out, $err) = slurp_output($process);
is($code, 1, 'the load resumes') or diag($err);
is(json_of($out)->{total_records}, $rows, 'to the end');

# Interrupted
add_vendor('X');
$process = start_onboard('load', 'large.csv', '--vendor', 'X', @no_limits);
ok(stop_when($process, sub { judged_rows('X') > 0 }), 'interrupted in the middle of its work');
kill 'INT', $process->{child};
kill 'CONT', $process->{child};
($code, $out, $err) = slurp_output($process);
is($code, 4, 'interrupted: exit code 4') or diag("$out$err");
like($err, qr/run the same command again to resume it/, 'says how to resume');
is(sql("SELECT status FROM onboard.upload_history WHERE vendor_id = 'X'"), 'processing', 'the upload is open');
my $open = sql("SELECT upload_id FROM onboard.upload_history WHERE vendor_id = 'X'");
($out) = is_exit(0, 'undo of an open upload', 'undo', $open);
like($out, qr/had not ended; it was cancelled/, 'cancels it');
is(sql("SELECT count(*) FROM onboard.products WHERE vendor_id = 'X'"), 0, 'none of its products stay');

# An abandoned upload has failed, and its accepted rows can be undone.
my $abandoned = sql("SELECT onboard_begin_upload('X', 'abandoned.csv')");
sql("SELECT onboard_ingest('$abandoned',
	'[{\"row_number\": 1, \"product\": {\"sku\": \"ab\", \"vendor_product_id\": \"ab\", \"product_name\": \"n\","
	. " \"category\": \"Books\", \"price\": \"1\", \"stock_quantity\": \"1\"}}]')");
sql("SELECT onboard_sweep_uploads('-1 hour')");
($out) = is_exit(0, 'status of an abandoned upload', 'status', $abandoned, '--json');
is(join('|', map { json_of($out)->{$_} } qw(status valid_records success_rate_percent)), 'failed|1|0',
	'it has failed and keeps its counts');
($out) = is_exit(0, 'undo of an abandoned upload', 'undo', $abandoned);
like($out, qr/^Removed 1 product of upload/, 'removes its product');
is(sql("SELECT count(*) FROM onboard.products WHERE vendor_id = 'X'"), 0, 'and nothing stays');
($out) = is_exit(0, 'undo of one that was cancelled', 'undo', $open);
like($out, qr{^Upload \Q$open\E is already cancelled}, 'says so');

# Undo
($out) = is_exit(0, 'undo', 'undo', $loaded->{upload_id}, '--json');
is(json_of($out)->{removed}, $loaded->{valid_records}, 'removes its products');
($out) = is_exit(0, 'status after undo', 'status');
like($out, qr/^\Q$loaded->{upload_id}\E\s+large\.csv\s+undone, partial\s/m, 'shows what was undone');
my ($undone) = grep { $_->{upload_id} eq $loaded->{upload_id} } @{ json_of((run_onboard('status', '--json'))[1]) };
is($undone->{undone}, JSON::PP::true, 'as JSON too');
($out, $err) = is_exit(1, 'the file again after undo', 'load', 'large.csv', '--vendor', 'V', '--json', @no_limits);
my $anew = json_of($out);
like($err,
	qr/^onboard: upload \Q$loaded->{upload_id}\E of this file was undone on \d{4}-\d\d-\d\d \d\d:\d\d; loading it again$/m,
	'says that it was undone');
is($anew->{valid_records}, $loaded->{valid_records}, 'and loads it again');
isnt($anew->{upload_id}, $loaded->{upload_id}, 'as another upload');
is($anew->{loaded_before}, JSON::PP::false, 'which is new');
is($anew->{undone}, JSON::PP::false, 'and is not undone');
is(sql("SELECT count(*) FROM onboard.products WHERE upload_id = '$anew->{upload_id}'"), $loaded->{valid_records},
	'and is in the catalogue');
($out, $err) = is_exit(1, 'once more', 'load', 'large.csv', '--vendor', 'V', '--json', @no_limits);
is(json_of($out)->{upload_id}, $anew->{upload_id}, 'shows that load');
is(json_of($out)->{loaded_before}, JSON::PP::true, 'and loads nothing');

# The check of a file that was loaded
write_file('coded.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity\n"
	. "E-1,Caf\xE9,Kitchen,E-S1,10.50,3\n");
is_exit(0, 'a file in another encoding', 'load', 'coded.csv', '--vendor', 'V', '--encoding', 'windows-1251');
is(sql("SELECT product_name FROM onboard.products WHERE sku = 'E-S1'"), "Caf\xD0\xB9", 'is read in that');
($out, $err) = is_exit(1, 'check of a file that was loaded', 'check', 'coded.csv', '--vendor', 'V', '--encoding',
	'windows-1251', '--json');
like($err, qr/^onboard: loaded before, on \d{4}-\d\d-\d\d \d\d:\d\d as V-\S+; judged as --again would$/m, 'says so');
is(json_of($out)->{loaded_before}, JSON::PP::true, 'as JSON too');

# With --quiet
($out, $err) = is_exit(0, 'load --quiet', 'load', 'coded.csv', '--vendor', 'V', '--encoding', 'windows-1251',
	'--quiet');
like("$out$err", qr/\Acoded\.csv: 1 row, 1 accepted, 0 rejected, upload V-\S+, loaded before\n\z/, 'prints one line');

# Reports that cannot be written
write_file('no-folder', '');
($out, $err) = is_exit(4, 'no folder for the reports', 'load', "$data/VEND001_20260104_090000.csv", '--vendor', 'V',
	'--file-name', 'unreported.csv', '--reports', 'no-folder');
like($err,
	qr/cannot write no-folder\/.*\nonboard: the load itself is done; write the reports with "onboard report V-\S+"$/m,
	'says that the load is done');
is(sql("SELECT status FROM onboard.upload_history WHERE file_name = 'unreported.csv'"), 'failed', 'which it is');

# As a role that may only load
sql("CREATE ROLE loader LOGIN; SELECT onboard_grant_loader('loader')");
($out) = is_exit(0, 'as a loader', 'load', "$data/faults/semicolon.csv", '--vendor', 'V', '--json', '--db',
	conninfo('loader'));
is(json_of($out)->{valid_records}, 2, 'loads');

# An unavailable database
($code, $out, $err) = run_onboard('load', "$data/faults/tab.csv", '--vendor', 'V', '--db', 'host=/nowhere',
	'--retry-for', '1');
is($code, 4, 'no database: exit code 4');
like($err, qr/gave up after 1 second; make sure that the database is running, then run the same command again/,
	'says what to do');
($code, $out, $err) = run_onboard('status', '--db', 'host=/nowhere');
is($code, 4, 'a server that never answered');
like($err, qr/gave up after 5 seconds; make/, 'is given up early');

# Connecting with other programs
($out) = is_exit(0, 'conninfo', 'conninfo');
like($out, qr/^host=\S+ port=\d+ user=onboard dbname=onboard\n\z/, 'is a connection string');
chomp(my $where = $out);
is_exit(0, 'which works with --db', 'status', '--db', $where);
($out) = is_exit(0, 'conninfo of another', 'conninfo', '--db', conninfo() . " password='s3cret-canary'");
unlike($out, qr/password|canary/, 'never reveals a password');

# Vendors and categories
($out, $err) = is_exit(3, 'a vendor twice', 'vendor', 'add', 'V', '--name', 'V', '--email', 'v2@example.com');
like($err, qr/a vendor with this id already exists/, 'is refused');
is_exit(0, '--if-not-exists', 'vendor', 'add', 'V', '--name', 'V', '--email', 'v2@example.com', '--if-not-exists');
($out, $err) = is_exit(3, 'an address twice', 'vendor', 'add', 'V9', '--name', 'V', '--email', 'v@example.com');
like($err, qr/another vendor already has this e-mail address/, 'is refused');
($out, $err) = is_exit(3, 'a bad address', 'vendor', 'add', 'V9', '--name', 'V', '--email', 'nobody');
like($err, qr/does not look like name\@example\.com/, 'is refused');
($out, $err) = is_exit(3, 'a bad id', 'vendor', 'add', 'V 9', '--name', 'V', '--email', 'v9@example.com');
like($err, qr/50 letters, digits and hyphens/, 'is refused');
($out, $err) = is_exit(3, 'a bad status', 'vendor', 'set-status', 'V', 'asleep');
like($err, qr/active, suspended, inactive or pending_approval/, 'is refused');
is_exit(2, 'the status of an unknown vendor', 'vendor', 'set-status', 'NOBODY', 'active');
($out) = is_exit(0, 'vendor list', 'vendor', 'list');
like($out, qr/^VEND001\s+Vendor VEND001\s+vend001\@example\.com\s+active\s+30\s+2/m, 'lists vendors');
is(scalar @{ json_of((run_onboard('vendor', 'list', '--json'))[1]) }, 6, 'as JSON too');

is_exit(0, 'category add', 'category', 'add', 'Lamps', '--parent', 'Home & Garden');
is_exit(3, 'a category twice', 'category', 'add', 'Lamps');
is_exit(0, 'category add --if-not-exists', 'category', 'add', 'Lamps', '--if-not-exists');
is_exit(2, 'a category with an unknown parent', 'category', 'add', 'Shades', '--parent', 'Nothing');
is_exit(3, 'a blank category', 'category', 'add', ' ');
is_exit(0, 'category deactivate', 'category', 'deactivate', 'Lamps');
is_exit(2, 'category deactivate of an unknown category', 'category', 'deactivate', 'Nothing');
($out) = is_exit(0, 'category list', 'category', 'list');
like($out, qr/^Home & Garden\s+yes\n(?:  .*\n)*  Lamps\s+no$/m, 'shows it under its parent');
is_exit(0, 'and reactivated', 'category', 'add', 'Lamps');

# The template is accepted as it is
write_file('template.csv', (run_onboard('template'))[1]);
is_exit(0, 'the template loads', 'load', 'template.csv', '--vendor', 'V');

done_testing();
