# Find uploads by vendor, status and time, by a prefix of their ids and as the
# latest one; show rejected rows; repeat undo.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
add_vendor(qw(ALPHA BETA));

my ($out, $err, $code, $result);
my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";

sub load
{
	my ($name, $vendor, $content, $expected) = @_;

	write_file($name, $header . $content);
	my ($json) = is_exit($expected, "load $name", 'load', $name, '--vendor', $vendor, '--json', '--no-reports');
	return json_of($json)->{upload_id};
}

sub ids_of
{
	my @arguments = @_;
	my ($json) = is_exit(0, "status @arguments", 'status', '--json', @arguments);

	return [ map { $_->{upload_id} } @{ json_of($json) } ];
}

is_refused(2, qr/no uploads yet/, $_, 'latest') for qw(status report);

my $good = load('good.csv', 'ALPHA', "A-1,Pan,Kitchen,A-SKU-1,10,1\n", 0);
my $mixed = load('mixed.csv', 'ALPHA', <<'END', 1);
A-2,Pot,Kitchen,A-SKU-2,10,1
A-3,Kettle,Kitchn,A-SKU-3,"18,50",1
A-4,Bowl,Kitchen,,10,-1
A-5,Lid
END
my $bad = load('bad.csv', 'BETA', "B-1,Pan,Kitchen,B-SKU-1,free,1\n", 1);
# Uploads begun at known times, some days ago.
sql("UPDATE onboard.upload_history SET created_at = now() - interval '1 day' * d
	FROM (VALUES ('$good', 9), ('$mixed', 5), ('$bad', 1)) t (id, d) WHERE upload_id = t.id");
my $day = sql("SELECT ((now() - interval '5 days') AT TIME ZONE 'UTC')::date");
my $moment = sql(qq{SELECT to_char((created_at + interval '1 second') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
	FROM onboard.upload_history WHERE upload_id = '$mixed'});
my $cancelled = sql("SELECT onboard_begin_upload('BETA', 'open.csv', total_records => 5)");

# Filters
is_deeply(ids_of(), [ $cancelled, $bad, $mixed, $good ], 'without filters: all, newest first');
is_deeply(ids_of('--vendor', 'ALPHA'), [ $mixed, $good ], '--vendor');
is_deeply(ids_of('--status', 'partial'), [$mixed], '--status partial');
is_deeply(ids_of('--status', 'completed'), [$good], '--status completed');
is_deeply(ids_of('--status', 'failed'), [$bad], '--status failed');
is_deeply(ids_of('--status', 'processing'), [$cancelled], '--status processing');
is_deeply(ids_of('--since', '2d'), [ $cancelled, $bad ], '--since 2d');
is_deeply(ids_of('--since', '47h'), [ $cancelled, $bad ], '--since 47h');
is_deeply(ids_of('--since', '1w'), [ $cancelled, $bad, $mixed ], '--since 1w');
is_deeply(ids_of('--since', '999999w'), [ $cancelled, $bad, $mixed, $good ], '--since before all history');
is_deeply(ids_of('--since', "${day}T00:00:00Z"), [ $cancelled, $bad, $mixed ], '--since a moment');
is_deeply(ids_of('--since', $moment), [ $cancelled, $bad ], '--since a second later');
$ENV{TZ} = 'UTC';
is_deeply(ids_of('--since', $day), [ $cancelled, $bad, $mixed ], '--since a date');
is_deeply(ids_of('--vendor', 'ALPHA', '--status', 'partial', '--since', '6d', '--limit', '1'), [$mixed], 'all of them');
is_deeply(ids_of('--vendor', 'ALPHA', '--status', 'failed'), [], 'and none');
($out) = is_exit(0, 'none as text', 'status', '--vendor', 'ALPHA', '--status', 'failed');
is($out, "No uploads match.\n", 'says so');
is_refused(3, qr/option --status takes processing, completed, partial or failed, not "done"/, 'status', '--status',
	'done');
is_refused(3,
	qr/option --since takes a duration such as 90s, 30m, 2h, 3d or 1w, or a time such as 2026-11-28 or 2026-11-28T12:30:00Z, not "\Q$_\E"/,
	'status', '--since', $_)
  for 'yesterday', '2026-02-30', '3', '1.5h', '';
is_refused(2, qr/vendor "GAMMA" does not exist/, 'status', '--vendor', 'GAMMA');

# The latest
($out) = is_exit(0, 'status latest', 'status', 'latest');
like($out, qr/^Upload \Q$cancelled\E$/m, 'is the newest upload');
($out) = is_exit(0, 'status latest of a vendor', 'status', 'latest', '--vendor', 'ALPHA', '--json');
is(json_of($out)->{upload_id}, $mixed, 'is the newest of that vendor');
($out) = is_exit(0, 'status latest of a status', 'status', 'latest', '--status', 'completed', '--json');
is(json_of($out)->{upload_id}, $good, 'is the newest of that status');
is_refused(2, qr/no upload matches/, 'status', 'latest', '--vendor', 'ALPHA', '--status', 'failed');
is_refused(3, qr/filter the list and cannot be combined with upload "\Q$good\E"/, 'status', $good, @$_)
  for [qw(--vendor ALPHA)], [qw(--status failed)], [qw(--since 2h)], [qw(--limit 3)];

# A vendor's login sees its own uploads
sql("CREATE ROLE alpha LOGIN; SELECT onboard_grant_vendor('alpha', 'ALPHA')");
($out) = is_exit(0, 'status latest as a vendor', 'status', 'latest', '--json', '--db', conninfo('alpha'));
is(json_of($out)->{upload_id}, $mixed, 'is the newest upload visible to the login');
is_exit(2, 'another vendor does not exist for it', 'status', '--vendor', 'BETA', '--db', conninfo('alpha'));

# A prefix of an id
my ($short) = map { substr $mixed, 0, $_ } grep { substr($mixed, 0, $_) ne substr($good, 0, $_) } 1 .. length $mixed;
($out) = is_exit(0, 'status of a prefix of an id', 'status', $short);
like($out, qr/^Upload \Q$mixed\E$/m, 'shows the upload');
is_refused(3, qr/more than one upload begins with "ALPHA-": (?:\Q$mixed\E, \Q$good\E)$/m, $_, 'ALPHA-')
	for qw(status report undo);
is_refused(2, qr/upload "" does not exist/, $_, '') for qw(status report undo);
is_refused(2, qr/requires the id of an upload; only those that show one accept "latest"/, 'undo', 'latest');
is_refused(2, qr/upload "\Q$_\E" does not exist/, 'undo', $_) for lc $mixed, "${mixed}0", '%', 'ALPHA_';
is(sql("SELECT count(*) FROM onboard.products"), 2, 'none of these removed anything');
($out) = is_exit(0, 'report of a prefix of an id', 'report', $short);
like($out, qr{^onboard-reports/\Q$mixed\E/errors\.csv$}m, 'writes into the folder of the full id');

($out) = is_exit(0, 'report latest', 'report', 'latest', '--json');
is(json_of($out)->{upload_id}, $cancelled, 'writes the reports of the newest upload');

# A full id that is a prefix of other ids means that upload.
sql("INSERT INTO onboard.upload_history (upload_id, vendor_id, file_name, ruleset_version, status)
	SELECT '$good' || n, 'ALPHA', 'longer.csv', 1, 'completed' FROM generate_series(1, 8) n");
($out) = is_exit(0, 'status of an id that is a prefix of others', 'status', $good);
like($out, qr/^Upload \Q$good\E$/m, 'shows the upload with that id');
my ($candidates) = (is_exit(3, 'many candidates', 'status', substr $good, 0, -1))[1];
is(scalar(() = $candidates =~ /\Q$good\E\d?/g), 5, 'five are named');
like($candidates, qr/, \.\.\.$/m, 'and it indicates that there are more');
sql("DELETE FROM onboard.upload_history WHERE file_name = 'longer.csv'");

# Rejected rows
($out) = is_exit(0, 'status --errors', 'status', $short, '--errors');
my ($rows) = $out =~ /^Rejected rows\n(.*)\z/ms;
is($rows, <<'END', 'shows each rejected row with all that is wrong with it');
  line 3  id A-3  SKU A-SKU-3
      INVALID_PRICE in price: price "18,50" is not a plain number such as 1299.00
      perhaps: 18.50
      INVALID_CATEGORY in category: category "Kitchn" is not an active category
      perhaps: Kitchen
  line 4  id A-4
      MISSING_REQUIRED_FIELDS in sku: sku is required
      INVALID_STOCK in stock_quantity: stock_quantity "-1" is below the minimum of 0
  line 5
      MALFORMED_ROW: the record has 2 fields, the header has 6
END
($out) = is_exit(0, 'status --errors 2', 'status', '--errors', '2', $mixed);
like($out, qr/^Rejected rows\n  line 3 .*^  line 4 .*^  \.\.\. and 1 other row; --errors 0 shows all\n\z/ms,
	'shows two rows');
my $shown = $out;
for my $before ([ '--errors', 'status', $mixed ], [ '--json', '--errors', 'status', $mixed ])
{
	($out) = is_exit(0, "onboard @$before", @$before);
	like($out, qr/MALFORMED_ROW/, 'the count is optional before the command as well');
}
($out) = is_exit(0, 'onboard --errors 2 status', '--errors', '2', 'status', $mixed);
is($out, $shown, 'or may be given there');
($out) = is_exit(0, 'status --errors=0', 'status', $mixed, '--errors=0');
like($out, qr/^  line 5\n      MALFORMED_ROW.*(?<!shows all\n)\z/ms, 'shows all');
($out) = is_exit(0, 'status --errors of a good upload', 'status', $good, '--errors');
like($out, qr/^No rows are rejected\.$/m, 'says that there are none');
($out) = is_exit(0, 'status --errors --json', 'status', $mixed, '--errors', '1', '--json');
is_deeply(json_of($out)->{row_errors}, [
		{ row_number => 2, line_number => 3, vendor_product_id => 'A-3', sku => 'A-SKU-3',
			error_type => 'INVALID_PRICE', error_field => 'price',
			error_message => 'price "18,50" is not a plain number such as 1299.00', suggestion => '18.50' },
		{ row_number => 2, line_number => 3, vendor_product_id => 'A-3', sku => 'A-SKU-3',
			error_type => 'INVALID_CATEGORY', error_field => 'category',
			error_message => 'category "Kitchn" is not an active category', suggestion => 'Kitchen' } ],
				'lists both errors of the first row');
($out) = is_exit(0, 'status --json', 'status', $mixed, '--json');
ok(!exists json_of($out)->{row_errors}, 'has no rows unless requested');
($out) = is_exit(0, 'status latest --errors', 'status', 'latest', '--vendor', 'BETA', '--status', 'failed', '--errors');
like($out, qr/^  line 2  id B-1  SKU B-SKU-1\n      INVALID_PRICE in price: /m, 'works with latest');
is_refused(3, qr/--errors requires an upload: onboard status UPLOAD --errors/, 'status', '--errors');
is_refused(3, qr/option --errors takes a number, not "few"/, 'status', $mixed, '--errors=few');

# More rows than one page; control characters are harmless.
load('many.csv', 'ALPHA', join('', map { "M-$_,Pan,Kitchen,M-SKU-\e$_,free,1\n" } 1 .. 2500), 1);
($out) = is_exit(0, 'status --errors 0 of many', 'status', 'latest', '--errors', '0');
is(scalar(() = $out =~ /^  line /mg), 2500, 'shows every row');
is_deeply([ $out =~ /^  line ([\d,]+)  /mg ], [ map { s/(?<=\d)(?=\d{3}$)/,/r } 2 .. 2501 ], 'once and in order');
unlike($out, qr/\e/, 'and contains no terminal escape sequences');
($out) = is_exit(0, 'status --errors 1500 of many', 'status', 'latest', '--errors', '1500');
is(scalar(() = $out =~ /^  line /mg), 1500, 'shows that many');
like($out, qr/^  \.\.\. and 1,000 other rows;/m, 'and counts the rest');
($out) = is_exit(0, 'as JSON', 'status', 'latest', '--errors=0', '--json');
is(scalar @{ json_of($out)->{row_errors} }, 5000, 'all as JSON: the price and the SKU of each');

# Undo reports what it did, and the second time that it was already done
($out) = is_exit(0, 'undo of a prefix of an id', 'undo', $short);
is($out, "Removed 1 product of upload $mixed.\n", 'names the upload in full');
($out) = is_exit(0, 'undo again', 'undo', $mixed);
is($out, "Upload $mixed is already undone.\n", 'says that it is done');
($out) = is_exit(0, 'undo again as JSON', 'undo', $mixed, '--json');
is_deeply(json_of($out), { upload_id => $mixed, dry_run => JSON::PP::false, cancelled => JSON::PP::false,
	already => JSON::PP::true, removed => 0, restored => 0, kept => 0, declined => 0, kept_products => [] }, 'as a document');
is(sql("SELECT metadata ->> 'undone_removed' FROM onboard.upload_history WHERE upload_id = '$mixed'"), 1,
	'the count of the first stays');

# A kept product that is no longer referred to is removed by the next undo
sql("CREATE TABLE public.orders (product_id bigint REFERENCES onboard.products);
	INSERT INTO public.orders SELECT product_id FROM onboard.products WHERE upload_id = '$good'");
($out) = is_exit(0, 'undo of an upload with a referenced product', 'undo', $good, '--json');
my $undone = json_of($out);
is(scalar @{ delete $undone->{kept_products} }, 1, 'lists it');
is_deeply($undone, { upload_id => $good, dry_run => JSON::PP::false, cancelled => JSON::PP::false,
	already => JSON::PP::false, removed => 0, restored => 0, kept => 1, declined => 0 }, 'and keeps it');
($out) = is_exit(0, 'and again', 'undo', $good);
like($out, qr/\AUpload \Q$good\E is already undone\.\nKept 1 that was changed since or that other data refers to:\n  SKU A-SKU-1: .+\n\z/,
	'succeeds and keeps one product');
sql('DROP TABLE public.orders');
($out) = is_exit(0, 'and once nothing refers to it', 'undo', $good);
is($out, "Removed 1 product of upload $good.\n", 'it is removed');
($out) = is_exit(0, 'at last', 'undo', $good);
is($out, "Upload $good is already undone.\n", 'nothing is left');

# Cancelling, and cancelling again
($out) = is_exit(0, 'undo of an open upload', 'undo', $cancelled, '--json');
is_deeply(json_of($out), { upload_id => $cancelled, dry_run => JSON::PP::false, cancelled => JSON::PP::true,
	already => JSON::PP::false },
	'cancels it');
($out) = is_exit(0, 'and again', 'undo', $cancelled);
is($out, "Upload $cancelled is already cancelled; none of its rows are in the catalogue.\n", 'says so');
($out) = is_exit(0, 'as JSON', 'undo', $cancelled, '--json');
is_deeply(json_of($out), { upload_id => $cancelled, dry_run => JSON::PP::false, cancelled => JSON::PP::true,
	already => JSON::PP::true }, 'too');
is_refused(3, qr/upload \Q$bad\E has failed; none of its rows are in the catalogue/, 'undo', $bad);

done_testing();
