# The same file is the same upload, even without valid rows: the vendor is
# notified once, and the exit code is that of the first time.  Reading the file
# with other options makes another upload.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
add_vendor(qw(V ASLEEP));

my ($out, $err, $code);
my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";

# Uploads of a file name and the number of their end events.
sub uploads_and_events
{
	my ($name) = @_;

	return sql("SELECT count(DISTINCT u.upload_id), count(o.event_id) FROM onboard.upload_history u"
		  . " LEFT JOIN onboard.outbox o ON o.upload_id = u.upload_id AND o.kind = 'upload_ended' WHERE u.file_name = "
			. "'$name'");
}

# One value for all uploads and the number of events.
sub database_state
{
	return sql('SELECT md5(string_agg(u::text, E\'\n\' ORDER BY upload_id)), (SELECT count(*) FROM onboard.outbox)
		FROM onboard.upload_history u');
}

# Load a file twice: the second run ends like the first and changes nothing.
# Returns the JSON documents of both.
sub load_twice
{
	my ($exit, $name, @arguments) = @_;
	my @results;
	my $state;

	for my $run (1 .. 2)
	{
		my ($stdout) = is_exit($exit, "$name, run $run", 'load', @arguments, '--json');

		push @results, json_of($stdout);
		$state //= database_state();
	}
	is(database_state(),
		$state, "$name: the second run changes nothing");
	is($results[1]{upload_id}, $results[0]{upload_id}, "$name: it is the same upload");
	is_deeply([ map { $_->{loaded_before} } @results ], [ JSON::PP::false, JSON::PP::true ],
		"$name: which the second run says was loaded before");
	return @results;
}

# No valid row
write_file('bad.csv', $header . "B-1,Kettle,Kitchen,B-S1,ten,3\nB-2,Kettle,Kitchen,B-S2,ten,3\n");
my ($first, $second) = load_twice(1, 'no valid row', 'bad.csv', '--vendor', 'V');
is($second->{error_records}, 2, 'its errors are shown again');
is(uploads_and_events('bad.csv'), '1|1', 'one upload, told once');
($out, $err) = is_exit(1, 'for people', 'load', 'bad.csv', '--vendor', 'V');
like($out, qr/^  loaded before, on \d{4}-\d\d-\d\d \d\d:\d\d; --again loads it as a new upload$/m,
	'it says so as for a valid file');
like($out, qr/^Upload \Q$first->{upload_id}\E: failed, no row was accepted$/m, 'and how it ended');
($out) = is_exit(1, 'quietly', 'load', 'bad.csv', '--vendor', 'V', '--quiet');
is($out, "bad.csv: 2 rows, 0 accepted, 2 rejected, upload $first->{upload_id}, loaded before\n", 'in one line');
($out, $err) = is_exit(1, 'check', 'check', 'bad.csv', '--vendor', 'V', '--json');
like($err, qr/^onboard: loaded before, on .* as \Q$first->{upload_id}\E; judged as --again would$/m,
	'knows it as well');
is(json_of($out)->{loaded_before}, JSON::PP::true, 'as JSON too');
is(uploads_and_events('bad.csv'), '1|1', 'nothing has changed');

# A fault of the catalogue: --again
sql("INSERT INTO onboard.product_categories (category_name) VALUES ('Samovars')");
write_file('samovars.csv', $header . "SA-1,Samovar,Samovar,SA-S1,10.00,3\n");
load_twice(1, 'a missing category', 'samovars.csv', '--vendor', 'V');
sql("INSERT INTO onboard.product_categories (category_name) VALUES ('Samovar')");
($out) = is_exit(1, 'without --again', 'load', 'samovars.csv', '--vendor', 'V', '--json');
is(json_of($out)->{error_records}, 1, 'the result is what it was');
($out) = is_exit(0, '--again', 'load', 'samovars.csv', '--vendor', 'V', '--again', '--json');
my $again = json_of($out);
is($again->{loaded_before}, JSON::PP::false, 'loads it again');
is(uploads_and_events('samovars.csv'), '2|2', 'as another upload');
($out) = is_exit(0, 'and then', 'load', 'samovars.csv', '--vendor', 'V', '--json');
is(json_of($out)->{upload_id}, $again->{upload_id}, 'that one is shown');
is_exit(0, 'undone', 'undo', $again->{upload_id});
($out, $err) = is_exit(0, 'the file is loaded again', 'load', 'samovars.csv', '--vendor', 'V', '--json');
like($err, qr/\Q$again->{upload_id}\E of this file was undone/, 'as it was undone');
is(uploads_and_events('samovars.csv'), '3|3', 'a third time');

# Refused for its contents, by path, pipe and redirection
for my $fault ([ 'empty.csv', 'EMPTY_FILE' ], [ 'header_only.csv', 'NO_ROWS' ], [ 'no_header.csv', 'NO_HEADER' ],
	[ 'missing_column.csv', 'MISSING_COLUMN' ], [ 'duplicate_column.csv', 'DUPLICATE_COLUMN' ],
	[ 'noise.csv', 'NOT_TEXT' ], [ 'spreadsheet.csv', 'UNREADABLE_FILE' ],
	[ 'utf32.csv', 'UNSUPPORTED_ENCODING' ])
{
	my ($file, $failure) = @$fault;

	($first, $second) = load_twice(2, $file, "$data/faults/$file", '--vendor', 'V');
	is_deeply($second->{error}, $first->{error}, "$file: the same reason");
	is($second->{error}{code}, $failure, "$file: $failure");
	is(uploads_and_events($file), '1|1', "$file: one upload, notified once");
	for my $run (1 .. 2)
	{
		is_exit(2, "$file from standard input, run $run", 'load', '-', '--vendor', 'V', '--file-name', $file,
			{ stdin => "$data/faults/$file" });
	}
	is(uploads_and_events($file), '1|1', "$file: standard input makes no other upload");
}
($out, $err) = is_exit(2, 'for people', 'load', "$data/faults/no_header.csv", '--vendor', 'V');
like($err,
	qr/^onboard: loaded before, on \d{4}-\d\d-\d\d \d\d:\d\d, and refused as upload V-\S+; --again loads it as a new upload; the mail to the vendor is in \S+mail\.txt$/m,
	'it says so');
($out, $err) = is_exit(2, '--again', 'load', "$data/faults/no_header.csv", '--vendor', 'V', '--again');
like($err, qr/^onboard: upload V-\S+ has failed; the mail to the vendor is in \S+mail\.txt$/m, 'refuses it again');
is(uploads_and_events('no_header.csv'), '2|2', 'as another upload');
is_exit(2, 'and then', 'load', "$data/faults/no_header.csv", '--vendor', 'V');
is(uploads_and_events('no_header.csv'), '2|2', 'that one is shown');

# Rejected by an operator for its contents
sql("SELECT onboard_reject_upload(onboard_begin_upload('V', 'x', content_id => 'x'), 'NOT_TEXT', 'An operator says so.')");
write_file('rejected.csv', $header . "R-1,Kettle,Kitchen,R-S1,10.00,3\n");
is_exit(0, 'a file', 'load', 'rejected.csv', '--vendor', 'V', '--json');
sql("SELECT onboard_undo_upload(upload_id) FROM onboard.upload_history WHERE file_name = 'rejected.csv'");
sql("UPDATE onboard.upload_history SET status = 'failed', failure_code = 'NOT_TEXT',
	failure_message = 'An operator says so.',"
	  . " valid_records = 0, inserted = 0, metadata = metadata - 'undone_at' WHERE file_name = 'rejected.csv'");
($out, $err) = is_exit(2, 'that an operator rejected', 'load', 'rejected.csv', '--vendor', 'V', '--json');
is(json_of($out)->{error}{code}, 'NOT_TEXT', 'is rejected');
like($err, qr/^onboard: an operator says so$/m, 'for that reason');

# A reason outside the file: the same limit refuses it again, another one may
# accept it.
my @rows = map { "L-$_,Kettle,Kitchen,L-S$_,10.00,3\n" } 1 .. 5;
write_file('limits.csv', $header . join '', @rows);
for my $limit ([ '--max-rows', '2', 'TOO_MANY_ROWS' ], [ '--max-bytes', '100', 'FILE_TOO_LARGE' ])
{
	my ($option, $value, $failure) = @$limit;

	($first, $second) = load_twice(2, "$option $value", 'limits.csv', '--vendor', 'V', '--record-refusal', $option,
		$value);
	is($second->{error}{code}, $failure, "$option $value: $failure");
}
is(uploads_and_events('limits.csv'), '2|2', 'each limit was told once');
($out) = is_exit(0, 'with --max-rows 6', 'load', 'limits.csv', '--vendor', 'V', '--max-rows', '6', '--json');
my $loaded = json_of($out);
($out) = is_exit(0, 'and without', 'load', 'limits.csv', '--vendor', 'V', '--json');
is(json_of($out)->{upload_id}, $loaded->{upload_id}, 'a limit without effect makes no other upload');
($out, $err) = is_exit(2, 'with --max-rows 3', 'load', 'limits.csv', '--vendor', 'V', '--max-rows', '3');
like($err, qr/this file is already upload \Q$loaded->{upload_id}\E, which is left unchanged/,
	'an upload that was loaded is not refused');
is(uploads_and_events('limits.csv'), '3|3', 'and nothing is told');

# Retried: the vendor was not active, or the upload was cancelled.
run_onboard('vendor', 'set-status', 'ASLEEP', 'suspended');
write_file('asleep.csv', $header . "AS-1,Kettle,Kitchen,AS-S1,10.00,3\n");
load_twice(2, 'a vendor that is suspended', 'asleep.csv', '--vendor', 'ASLEEP');
is(uploads_and_events('asleep.csv'), '1|1', 'is told once');
run_onboard('vendor', 'set-status', 'ASLEEP', 'active');
($out) = is_exit(0, 'active again', 'load', 'asleep.csv', '--vendor', 'ASLEEP', '--json');
is(json_of($out)->{valid_records}, 1, 'the same command loads the file');
is(uploads_and_events('asleep.csv'), '2|2', 'as the next attempt');
write_file('cancelled.csv', $header . "CA-1,Kettle,Kitchen,CA-S1,10.00,3\n");
is_exit(0, 'a file', 'load', 'cancelled.csv', '--vendor', 'V');
is_exit(0, 'undone', 'undo', sql("SELECT upload_id FROM onboard.upload_history WHERE file_name = 'cancelled.csv'"));
sql("UPDATE onboard.upload_history SET status = 'failed', failure_code = 'CANCELLED', metadata = metadata - 'undone_at'
	WHERE file_name = 'cancelled.csv'");
($out) = is_exit(0, 'cancelled', 'load', 'cancelled.csv', '--vendor', 'V', '--json');
is(json_of($out)->{loaded_before}, JSON::PP::false, 'it is loaded');

# Other options make another upload, whose rows are duplicates.
write_file('read.csv', $header =~ tr/,/;/r . "RE-1;Caf\xE9;Kitchen;RE-S1;10.00;3\n");
($out) = is_exit(0, 'in latin 1', 'load', 'read.csv', '--vendor', 'V', '--encoding', 'iso-8859-1', '--json');
my $latin = json_of($out)->{upload_id};
for my $same ([ 'in capital letters', '--encoding', 'ISO-8859-1' ],
	[ 'with its own delimiter', '--encoding', 'iso-8859-1', '--delimiter', ';' ])
{
	my ($name, @options) = @$same;

	($out, $err) = is_exit(0, $name, 'load', 'read.csv', '--vendor', 'V', '--json', @options);
	is(json_of($out)->{upload_id}, $latin, 'it is the same reading');
	unlike($err, qr/is already upload/, 'without a note');
}
($out, $err) = is_exit(1, 'in another encoding', 'load', 'read.csv', '--vendor', 'V', '--encoding', 'windows-1251',
	'--json');
isnt(json_of($out)->{upload_id}, $latin, 'it is another upload');
like($err,
	qr/^onboard: this file, read or applied in another way, is already upload \Q$latin\E; .*"onboard undo \Q$latin\E" and load the file with --again$/m,
	'and a note says so');
is_exit(0, 'the other one undone', 'undo', $latin);
($out, $err) = is_exit(0, '--again', 'load', 'read.csv', '--vendor', 'V', '--encoding', 'windows-1251', '--again');
is(sql("SELECT product_name FROM onboard.products WHERE sku = 'RE-S1'"), "Caf\xD0\xB9",
	'and the file is read in that encoding');
($out, $err) = is_exit(2, 'with a delimiter that it does not use', 'load', 'read.csv', '--vendor', 'V', '--delimiter', '|');
like($err, qr/this file is already upload V-\S+, which is left unchanged/, 'it is not refused, as it was loaded');
is(uploads_and_events('read.csv'), '3|3', 'and nothing is told');
write_file('wrong.csv', $header =~ tr/,/;/r . "W-1;Kettle;Kitchen;W-S1;10.00;3\n");
load_twice(2, 'a delimiter that the file does not use', 'wrong.csv', '--vendor', 'V', '--record-refusal', '--delimiter', '|');
($out) = is_exit(0, 'and with its own delimiter', 'load', 'wrong.csv', '--vendor', 'V', '--json');
is(json_of($out)->{valid_records}, 1, 'it is loaded');

# Defaults given explicitly do not change the content id.
write_file('plain.csv', $header . "P-1,Kettle,Kitchen,P-S1,10.00,3\n");
($out) = is_exit(0, 'a plain file', 'load', 'plain.csv', '--vendor', 'V', '--json');
my $plain = json_of($out)->{upload_id};
($out) = is_exit(0, 'with explicit defaults', 'load', 'plain.csv', '--vendor', 'V', '--json', '--delimiter', ',',
	'--encoding', 'utf-8',
	'--max-rows', '10000', '--max-bytes', '0');
is(json_of($out)->{upload_id}, $plain, 'is the same upload');

# Every role that can read uploads can check which may be retried.
sql("CREATE ROLE loader LOGIN; SELECT onboard_grant_loader('loader'); CREATE ROLE vendor LOGIN;
	SELECT onboard_grant_vendor('vendor', 'V');"
	  . " CREATE ROLE reporter LOGIN; SELECT onboard_grant_reporter('reporter')");
is_exit(0, "status as $_", 'status', '--db', conninfo($_)) for qw(loader vendor reporter);

# A login that only loads: the reports are written, and the server logs no error.
my $log = sub { return join '', map { read_file($_) } glob "$work/home/data/log/*" };
my $length = length $log->();
load_twice(1, 'as a loader', 'bad.csv', '--vendor', 'V', '--file-name', 'by-loader.csv', '--db', conninfo('loader'));
my $upload = sql("SELECT upload_id FROM onboard.upload_history WHERE file_name = 'by-loader.csv'");
ok(-s "onboard-reports/$upload/$_", "$_ is written") for qw(errors.csv fix.csv mail.txt);
is(sql("SELECT error_file_s3_key, metadata ? 'reported_at' FROM onboard.upload_history WHERE upload_id = '$upload'"),
	'|f',
	'the reporter has not reported it yet');
is_exit(0, 'a report as the owner', 'report', $upload);
is(sql("SELECT metadata ? 'reported_at' FROM onboard.upload_history WHERE upload_id = '$upload'"), 't', 'records it');
my $said = substr $log->(), $length;
unlike($said, qr/ERROR|FATAL/, 'no error is in the log of the server');

done_testing();
