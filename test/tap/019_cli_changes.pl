# Uploads that change products, on the command line: what their rows did, what a file
# would change, the history of a product, approving and declining, and undo.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();
$ENV{TZ} = 'UTC';
add_vendor(qw(ALPHA BETA VEND001));

my ($out, $err, $code);
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity,Colour\n";

sub load
{
	my ($name, $vendor, $content) = @_;

	write_file($name, $header . $content);
	my ($json) = is_exit(0, "load $name", 'load', $name, '--vendor', $vendor, '--json', '--no-reports');
	return json_of($json)->{upload_id};
}

sub product_id { my ($sku) = @_; return sql("SELECT product_id FROM onboard.products WHERE sku = '$sku'"); }

my $spring = load('spring.csv', 'ALPHA', <<'END');
A-1,Pan,Kitchen,PAN-28,39.90,15,black
A-2,Kettle,Kitchen,KETTLE-2L,20.00,3,red
A-3,Knife,Kitchen,KNIFE,24.50,60,steel
A-4,Bowl,Kitchen,BOWL,12.00,8,white
A-5,Lid,Kitchen,LID,5.00,8,white
END
load('other.csv', 'BETA', "A-1,Rake,Garden,RAKE,22.00,15,green\n");

# An upload as the engine leaves it: five rows, of which one is rejected, and a last step that waits.
my $prices = 'ALPHA-00000000000000a1';
sql("INSERT INTO onboard.upload_history (upload_id, vendor_id, file_name, mode, match, ruleset_version, total_records,
		valid_records, error_records, inserted, updated, unchanged, stale, held, discontinued, status,
		created_at, processing_completed_at)
	VALUES ('$prices', 'ALPHA', 'prices.csv', 'replace', 'vendor_product_id', 1, 1007, 1006, 1, 0, 1001, 1, 1, 2, 1, 'partial',
		now(), now())");

# ----- what its rows did -----

($out) = is_exit(0, 'status of an upload that changes products', 'status', $prices);
like($out, qr/^  mode      replace$/m, 'names the mode');
like($out, qr/^  accepted  1,006: 1,001 updated, 1 unchanged, 1 stale, 2 held, 1 discontinued$/m,
	'counts the rows by action');
unlike($out, qr/^  (?:missing|waiting|decided)/m, 'and nothing else');
sql("UPDATE onboard.upload_history SET discontinued_missing = 12 WHERE upload_id = '$prices'");
($out) = is_exit(0, 'status of a replace', 'status', $prices);
like($out, qr/^  missing   12 discontinued, no longer in the file$/m, 'says what was no longer in the file');
($out) = is_exit(0, 'status --json', 'status', $prices, '--json');
my $document = json_of($out);
is_deeply({ map { $_ => $document->{$_} }
			qw(mode inserted updated unchanged stale held discontinued discontinued_missing waiting) },
	{ mode => 'replace', inserted => 0, updated => 1001, unchanged => 1, stale => 1, held => 2, discontinued => 1,
		discontinued_missing => 12, waiting => 0 }, 'has the counts');
($out) = is_exit(0, 'status --json of all', 'status', '--json');
is_deeply([ map { $_->{updated} } grep { $_->{upload_id} eq $prices } @{ json_of($out) } ], [1001], 'has them, too');
($out) = is_exit(0, 'status of an upload that inserts', 'status', $spring);
like($out, qr/^  accepted  5$/m, 'counts as before');
unlike($out, qr/^  mode/m, 'without a mode');

# ----- what waits -----

sql("INSERT INTO onboard.held_rows (upload_id, vendor_id, row_number, line_number, product_id, cause, current_value,
		new_value, input)
	SELECT '$prices', 'ALPHA', n, n + 1, product_id, cause, current, new, jsonb_build_object(
		'vendor_product_id', vendor_product_id, 'price', '399.00', 'stock_quantity', '0')
	FROM (VALUES (3, 'PAN-28', 'price', '39.90', '399.00'), (7, 'KETTLE-2L', 'sold_out', '3', '0'))
			t (n, sku, cause, current, new)
		JOIN onboard.products USING (sku)
	UNION ALL SELECT '$prices', 'ALPHA', NULL, NULL, NULL, 'discontinue_share', '100', '81', NULL");
($out) = is_exit(0, 'status of an upload of which something waits', 'status', $prices);
like($out, qr/^  waiting   3; see "onboard held \Q$prices\E"$/m, 'says so');
($out) = is_exit(0, 'held', 'held');
is($out =~ s/\d{4}-\d\d-\d\d \d\d:\d\d/TIME/gr, <<"END", 'lists what waits; the last step is row 0');
row  line  product    cause              current  new     upload                  held
  3     4  A-1        price              39.90    399.00  $prices  TIME
  7     8  A-2        sold_out           3        0       $prices  TIME
  0     -  81 of 100  discontinue_share  -        -       $prices  TIME
END
is((is_exit(0, "held @$_", 'held', @$_))[0], $out, 'the same')
  for [$prices], [ substr $prices, 0, -3 ], [qw(--vendor ALPHA)];
is((is_exit(0, "held @$_", 'held', @$_))[0], "Nothing waits for approval.\n", 'nothing')
  for [$spring], [qw(--vendor BETA)];
is_refused(2, qr/vendor "GAMMA" does not exist/, qw(held --vendor GAMMA));
is_refused(2, qr/upload "nothing" does not exist/, $_, 'nothing') for qw(held approve decline);
($out) = is_exit(0, 'held --json', 'held', '--json');
my @rows = @{ json_of($out) };
is_deeply([ map { [ @$_{qw(row_number line_number vendor_product_id cause current_value new_value)} ] } @rows ],
	[ [ 3, 4, 'A-1', 'price', '39.90', '399.00' ], [ 7, 8, 'A-2', 'sold_out', '3', '0' ],
		[ 0, undef, undef, 'discontinue_share', '100', '81' ] ], 'lists the same');
like($rows[0]{held_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'with the time');

for my $list ('', '3-', '9-3', '3,', ',3', '3;4', 'all', '-1', '3 4', '9999999999999999')
{
	is_refused(3, qr/option --rows takes row numbers such as 3,7-9, not "\Q$list\E"/, $_, $prices, '--rows', $list)
	  for qw(approve decline);
}
is_refused(2, qr/none of these rows of upload \Q$prices\E waits for approval/, $_, $prices, '--rows', '4-6,8')
  for qw(approve decline);
is(sql("SELECT count(*) FROM onboard.held_rows WHERE outcome = 'waiting'"), 3, 'nothing was decided');
($out) = is_exit(0, 'decline --rows', 'decline', $prices, '--rows', '0,7-9');
is($out, <<"END", 'declines these, and says what the last step means');
Declined 1 row of upload $prices.
Kept the products that no row of upload $prices names; there were 81 when it ended.
END
is(sql("SELECT string_agg(outcome, ' ' ORDER BY row_number) FROM onboard.held_rows"), 'waiting declined declined',
	'and no others');
($out) = is_exit(0, 'status of an upload that was decided on', 'status', $prices);
like($out, qr/^  waiting   1; see "onboard held \Q$prices\E"\n  decided   2 declined$/m, 'says what waits and what was decided');
($out) = is_exit(0, 'decline --json', 'decline', $prices, '--json');
is_deeply(json_of($out), { upload_id => $prices, declined => 1 }, 'declines the rest');
($out) = is_exit(0, 'decline again', 'decline', $prices);
is($out, "Nothing of upload $prices waits for approval.\n", 'says that nothing is left');
($out) = is_exit(0, 'approve', 'approve', $prices);
is($out, "Nothing of upload $prices waits for approval.\n", 'approve says that nothing is left');
($out) = is_exit(0, 'approve --json', 'approve', $prices, '--json');
is_deeply(json_of($out), { upload_id => $prices, applied => 0, not_applied => 0, rows => [] }, 'as JSON');

# ----- the history of a product -----

# Attribute the latest change to a row of the upload.
sub by_upload
{
	my ($sku, $row) = @_;
	my $id = product_id($sku);

	sql("UPDATE onboard.product_changes SET upload_id = '$prices', row_number = $row
			WHERE change_id = (SELECT max(change_id) FROM onboard.product_changes WHERE product_id = $id);
		INSERT INTO onboard.row_actions (upload_number, product_id, row_number, line_number, action)
			SELECT upload_number, $id, $row, $row + 1, 'updated' FROM onboard.upload_history WHERE upload_id = '$prices'");
	return;
}

sub with_times { my ($text) = @_; return $text =~ s/^\d{4}-\d\d-\d\d \d\d:\d\d/TIME/mgr; }

my $pan = product_id('PAN-28');
my $knife = product_id('KNIFE');
sql("UPDATE onboard.products SET price = 41.90, brand = 'Iron' WHERE sku = 'PAN-28'");
by_upload('PAN-28', 1);
sql('CREATE ROLE alice SUPERUSER LOGIN');
my $moment = sql(qq{SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')});
is_exit(0, 'a change by SQL', 'psql', '--db', conninfo('alice'), '--', '-Xqc',
	"UPDATE onboard.products SET brand = NULL, attributes = attributes || '{\"Size\": \"28 cm\"}' WHERE sku = 'PAN-28'");
($out) = is_exit(0, 'history', 'history', 'PAN-28');
is(with_times($out), <<"END", 'shows the insertion and every change');
Product $pan of ALPHA, id A-1, SKU PAN-28
TIME  inserted      upload $spring, line 2
TIME  updated       upload $prices, line 2
    brand              (none) -> Iron
    price              39.90 -> 41.90
TIME  updated       by alice
    brand              Iron -> (none)
    attributes         {"Colour": "black"} -> {"Size": "28 cm", "Colour": "black"}
END
is((is_exit(0, "history @$_", 'history', @$_))[0], $out, 'the same')
  for [qw(PAN-28 --vendor ALPHA)], [qw(PAN-28 --match sku)], [qw(A-1 --match vendor_product_id --vendor ALPHA)];
($out) = is_exit(0, 'history --json', 'history', 'PAN-28', '--json');
$document = json_of($out);
is_deeply([ @$document{qw(product_id vendor_id vendor_product_id sku deleted)} ], [ $pan, 'ALPHA', 'A-1', 'PAN-28', $false ],
	'names the product');
like(delete $_->{changed_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "the time of a change: $_->{action}")
  for @{ $document->{changes} };
is_deeply($document->{changes}[1], { action => 'updated', upload_id => $prices, row_number => 1, line_number => 2,
		approved => $false, changed_by => 'onboard', old_values => { brand => undef, price => 39.90 },
		new_values => { brand => 'Iron', price => 41.90 } }, 'and values that keep their type');

# The product at an earlier time
($out) = is_exit(0, 'history --at', 'history', 'PAN-28', '--at', $moment);
like($out, qr/\AProduct $pan of ALPHA, id A-1, SKU PAN-28, as of \d{4}-/, 'shows the product as it was');
like($out, qr/^    brand              Iron\n    price              41\.90$/m, 'with the values of that time');
unlike($out, qr/Size/, 'and not with later ones');
($out) = is_exit(0, 'history --at --json', 'history', 'PAN-28', '--at', $moment, '--json');
is_deeply([ @{ json_of($out)->{product} }{qw(product_id price brand attributes)} ],
	[ $pan, 41.90, 'Iron', { Colour => 'black' } ],
	'as JSON');
is(json_of($out)->{at}, substr($moment, 0, 23) . 'Z', 'with the time');
is_refused(2, qr/product "PAN-28" did not exist on /, qw(history PAN-28 --at 2020-01-01));
sql("INSERT INTO onboard.history_horizon VALUES (now())");
is_refused(2, qr/the history before .* was pruned/, 'history', 'PAN-28', '--at', $moment);
sql('DELETE FROM onboard.history_horizon');

# What does not exist
is_refused(2, qr/SKU "$_" does not exist; did you mean PAN-28\?/, 'history', $_) for qw(pan-28 PAN-2 PAM-28);
is_refused(2, qr/SKU "XYZ" does not exist; find the product by the vendor.s product ID/, qw(history XYZ));
is_refused(2, qr/vendor_product_id "PAN-28" does not exist/, qw(history PAN-28 --match vendor_product_id));
is_refused(2, qr/SKU "PAN-28" does not exist/, qw(history PAN-28 --vendor BETA));
is_refused(2, qr/vendor "GAMMA" does not exist/, qw(history PAN-28 --vendor GAMMA));
is_refused(3, qr/option --match takes one of these words: .*; not "id"/, qw(history PAN-28 --match id));
is_refused(3, qr/2 vendors have a product "A-1", such as ALPHA and BETA; add --vendor/, qw(history A-1 --match vendor_product_id));

# Deleted and renamed products
sql("UPDATE onboard.products SET sku = 'KNIFE-2' WHERE sku = 'KNIFE'");
($out) = is_exit(0, 'history of an earlier SKU', qw(history KNIFE));
like($out, qr/\AProduct $knife of ALPHA, id A-3, SKU KNIFE-2\n.*^    sku                KNIFE -> KNIFE-2$/ms,
	'shows the product that had it');
sql("DELETE FROM onboard.products WHERE sku = 'KNIFE-2'");
($out) = is_exit(0, 'history of a deleted product', qw(history KNIFE-2));
like($out, qr/\AProduct $knife of ALPHA, id A-3, SKU KNIFE-2, deleted\n.*^.{16}  deleted       by onboard\n\z/ms, 'says so');

# A vendor sees its own products, but not who changed them.
sql("CREATE ROLE beta LOGIN; SELECT onboard_grant_vendor('beta', 'BETA')");
is_exit(2, 'history for another vendor', qw(history PAN-28 --db), conninfo('beta'));

# ----- undo -----

my $bowls = load('bowls.csv', 'BETA', "B-1,Bowl,Kitchen,BOWL-1,10,1,white\nB-2,Bowl,Kitchen,BOWL-2,10,1,white\n");
sql("UPDATE onboard.products SET price = 11 WHERE sku = 'BOWL-2'");
($out) = is_exit(0, 'undo --dry-run', 'undo', $bowls, '--dry-run');
like($out, qr/\AUndoing would remove 1 product of upload \Q$bowls\E\.\nIt would keep 1 that was changed since or that other data refers to:\n  SKU BOWL-2: .+\n\z/,
	'says what undo would do');
($out) = is_exit(0, 'undo --dry-run --json', 'undo', $bowls, '--dry-run', '--json');
$document = json_of($out);
my $kept = delete $document->{kept_products};
is_deeply($document, { upload_id => $bowls, dry_run => $true, cancelled => $false, already => $false, removed => 1,
	restored => 0, kept => 1, declined => 0 }, 'as JSON');
is_deeply([ map { [ @$_{qw(product_id sku)} ] } @$kept ], [ [ product_id('BOWL-2'), 'BOWL-2' ] ], 'with the kept products');
is(sql("SELECT count(*) FROM onboard.products WHERE upload_id = '$bowls'"), 2, 'and does nothing');
($out) = is_exit(0, 'undo', 'undo', $bowls);
like($out, qr/\ARemoved 1 product of upload \Q$bowls\E\.\nKept 1 that was changed since or that other data refers to:\n  SKU BOWL-2: .+\n\z/,
	'says what it kept');
my $open = sql("SELECT onboard_begin_upload('BETA', 'open.csv', total_records => 5)");
($out) = is_exit(0, 'undo --dry-run of an open upload', 'undo', $open, '--dry-run');
is($out, "Upload $open has not ended; undoing would cancel it and keep none of its rows.\n", 'would cancel it');
is(sql("SELECT status FROM onboard.upload_history WHERE upload_id = '$open'"), 'processing', 'but does not');

# ----- comparing a file with the catalogue -----

write_file('tomorrow.csv', $header . <<'END');
A-1,Pan,Kitchen,PAN-28,45.50,20,black
A-2,Kettle,Kitchen,KETTLE-2L,200.00,3,red
A-4,Bowl,Kitchen,BOWL,12.00,8,white
A-5,Lid,Kitchen,LID,4.50,7,white
A-6,Fork,Kitchen,=FORK,3.00,7,white
A-7,Spoon,Kitchen,SPOON,free,7,white
END
my $before = sql('SELECT md5(string_agg(p::text, $$,$$ ORDER BY product_id)) FROM onboard.products p');
my $uploads = sql("SELECT count(*) FROM onboard.upload_history WHERE vendor_id = 'ALPHA'");
($out) = is_exit(1, 'diff', qw(diff tomorrow.csv --vendor ALPHA --mode upsert --csv changes.csv));
is($out =~ s/ in \d+ ms/ in 9 ms/r, <<'END', 'shows what the file would change');
tomorrow.csv: 6 rows in 9 ms, mode upsert
         1  would be inserted
         2  would change
             2  price
             2  stock_quantity
         1  unchanged
         1  held: would wait for approval
         1  rejected

Largest price changes
  line 3  KETTLE-2L  20.00 -> 200.00  +900.0 %  held
  line 5  LID  5.00 -> 4.50  -10.0 %
  line 2  PAN-28  41.90 -> 45.50  +8.6 %

What is wrong
         1 row   INVALID_PRICE in price
                 line 7: price "free" is not a plain number such as 1299.00

Nothing was written: this was a comparison.
END
is(read_file('changes.csv'), "\x{EF}\x{BB}\x{BF}" . <<'END' =~ s/\n/\r\n/gr, 'and lists the changes side by side');
Line Number,SKU,Vendor Product ID,Column,Old Value,New Value,Action
2,PAN-28,A-1,price,41.90,45.50,updated
2,PAN-28,A-1,stock_quantity,15,20,updated
3,KETTLE-2L,A-2,price,20.00,200.00,held
5,LID,A-5,price,5.00,4.50,updated
5,LID,A-5,stock_quantity,8,7,updated
END
($out) = is_exit(1, 'diff -q', qw(diff tomorrow.csv --vendor ALPHA --mode upsert -q));
is($out, "tomorrow.csv: 6 rows, 1 inserted, 2 updated, 1 unchanged, 1 held, 1 rejected\n", 'fits on a line');
is_exit(0, 'a vendor that may replace', qw(vendor set ALPHA --modes), 'insert,upsert,update,replace');
write_file('fewer.csv', $header . "A-1,Pan,Kitchen,PAN-28,41.90,15,black\nA-2,Kettle,Kitchen,KETTLE-2L,20.00,0,red\n");
($out) = is_exit(1, 'diff of a replace', qw(diff fewer.csv --vendor ALPHA --mode replace));
like($out, qr/^No longer in the file: 2, which would wait for approval$/m, 'says what is missing');
($out) = is_exit(1, 'diff -q of a replace', qw(diff fewer.csv --vendor ALPHA --mode replace -q));
like($out, qr/, no longer in the file: 2 held$/, 'on one line, too');
($out) = is_exit(1, 'diff --json of a replace', qw(diff fewer.csv --vendor ALPHA --mode replace --json));
is_deeply([ @{ json_of($out) }{qw(discontinued_missing held_missing)} ], [ 0, 2 ], 'counts what would wait');
is_exit(0, 'without the guard', qw(vendor set ALPHA --discontinue-guard), '');
($out) = is_exit(0, 'diff of a replace', qw(diff fewer.csv --vendor ALPHA --mode replace));
like($out, qr/^No longer in the file: 2 would be discontinued$/m, 'nothing waits');
($out) = is_exit(0, 'diff -q of a replace', qw(diff fewer.csv --vendor ALPHA --mode replace -q));
like($out, qr/, no longer in the file: 2 discontinued$/, 'on one line, too');
write_file('worse.csv', $header . ",Pan,Kitchen,,41.90,15,black\n");
($out) = is_exit(1, 'diff of a file without a valid row', qw(diff worse.csv --vendor ALPHA --mode replace));
unlike($out, qr/No longer in the file/, 'discontinues nothing');
write_file('unnamed.csv', $header . "A-1,Pan,Kitchen,PAN-28,41.90,15,black\n,Pan,Kitchen,,41.90,15,black\n");
($out) = is_exit(1, 'diff with a row without a key', qw(diff unnamed.csv --vendor ALPHA --mode replace));
like($out, qr/^No longer in the file: \d, which would wait for approval$/m, 'waits without a guard, too');
($out) = is_exit(1, 'diff --as-of', qw(diff tomorrow.csv --vendor ALPHA --mode update --as-of 2000-01-01));
like($out, qr/^         4  stale: older than what the catalogue has$/m, 'says what is too old');
($out) = is_exit(1, 'diff --json', qw(diff tomorrow.csv --vendor ALPHA --mode upsert --json));
$document = json_of($out);
like(delete $document->{milliseconds}, qr/^\d+$/, 'has the time it took');
is_deeply($document, { vendor_id => 'ALPHA', file_name => 'tomorrow.csv', mode => 'upsert', total_records => 6,
		valid_records => 5, error_records => 1, skipped_rows => 0, map_name => undef, inserted => 1, updated => 2,
		unchanged => 1, stale => 0, held => 1, discontinued => 0, discontinued_missing => 0, held_missing => 0,
		changed_columns => { price => 2, stock_quantity => 2 },
		price_changes => [
			{ line_number => 3, sku => 'KETTLE-2L', old_price => 20.00, new_price => 200.00, percent => 900.0, held => $true },
			{ line_number => 5, sku => 'LID', old_price => 5.00, new_price => 4.50, percent => -10.0, held => $false },
			{ line_number => 2, sku => 'PAN-28', old_price => 41.90, new_price => 45.50, percent => 8.6, held => $false } ],
		causes => [ { error_type => 'INVALID_PRICE', error_field => 'price', rows => 1, example_line => 7,
				message => 'price "free" is not a plain number such as 1299.00', suggestion => undef, advice => undef } ],
		csv => undef }, 'and all of it');

# A price file: the columns that it lacks stay, and the mode is the vendor's.
write_file('prices-only.csv', "vendor_product_id,price\nA-1,40.00\nA-5,5.00\n");
is_exit(0, 'a default mode', qw(vendor set ALPHA --default-mode update));
($out) = is_exit(0, 'diff of a price file', qw(diff prices-only.csv --vendor ALPHA -q));
is($out, "prices-only.csv: 2 rows, 1 updated, 1 unchanged, 0 rejected\n", 'needs only the key');
is_refused(2, qr/required columns missing from the header/, qw(diff prices-only.csv --vendor ALPHA --mode upsert));
is_exit(0, 'no default mode', qw(vendor set ALPHA --default-mode insert));

# A fix file replaces nothing.
write_file('fix.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity,onboard_line,onboard_errors\n" .
	"A-5,Lid,Kitchen,LID,5.00,8,7,x\n");
($out) = is_exit(0, 'diff of a fix file', qw(diff fix.csv --vendor ALPHA --mode replace --json));
is(json_of($out)->{mode}, 'upsert', 'is that of an upsert');

# More rows than a chunk; the ten largest price changes
load('many.csv', 'ALPHA', join '', map { "M-$_,Pan,Kitchen,M-SKU-$_,10.00,1,black\n" } 1 .. 2500);
write_file('many-prices.csv', $header . join '', map {
	sprintf "M-%d,Pan,Kitchen,M-SKU-%d,%.2f,1,black\n", $_, $_, $_ % 2 ? 10 + $_ / 100 : 10 } 1 .. 2500);
($out) = is_exit(0, 'diff of many rows', qw(diff many-prices.csv --vendor ALPHA --mode update --csv many-changes.csv));
like($out, qr/^     1,250  would change\n         1,250  price\n     1,250  unchanged$/m, 'counts all of them');
is_deeply([ $out =~ /^  line ([\d,]+)  M-SKU-\d+  10\.00 -> /mg ],
	[ map { s/(?<=\d)(?=\d{3}$)/,/r } map { 2500 - 2 * $_ } 0 .. 9 ], 'shows the ten largest price changes');
is(scalar(() = read_file('many-changes.csv') =~ /^\d+,M-SKU-\d+,M-\d+,price,10\.00,/mg), 1250, 'and lists all changes');

# ----- other roles -----

sql("CREATE ROLE loader LOGIN; SELECT onboard_grant_loader('loader');
	CREATE ROLE operator LOGIN; SELECT onboard_grant_operator('operator')");
my ($loader, $operator) = map { [ '--db', conninfo($_) ] } qw(loader operator);
is_exit(1, 'a loader compares', qw(diff tomorrow.csv --vendor ALPHA --mode upsert), @$loader);
is_exit(0, 'and reads the history', qw(history PAN-28), @$loader);
is_exit(0, 'of any time', qw(history PAN-28 --at), $moment, @$loader);
my $dear = load('dear.csv', 'BETA', "B-7,Bowl,Kitchen,BOWL-7,10,1,white\n");
write_file('dearer.csv', "vendor_product_id,price\nB-7,100\n");
($out) = is_exit(1, 'and loads', qw(load dearer.csv --vendor BETA --mode update --no-reports --json), @$loader);
my $dearer = json_of($out)->{upload_id};
is_exit(4, 'but approves nothing', 'approve', $dearer, @$loader);
($out) = is_exit(0, 'an operator sees what waits', 'held', $dearer, @$operator);
like($out, qr/^  1     2  \d+ +price +10\.00 +100\.00 /m, 'but not what the vendor wrote');
($out) = is_exit(0, 'as JSON', 'held', $dearer, '--json', @$operator);
is_deeply([ map { [ @$_{qw(product_id vendor_product_id sku)} ] } @{ json_of($out) } ],
	[ [ product_id('BOWL-7'), undef, undef ] ],
	'neither');
($out) = is_exit(0, 'a loader does', 'held', $dearer, @$loader);
like($out, qr/^  1     2  B-7 +price /m, 'see its keys');
($out) = is_exit(0, 'and approves it', 'approve', $dearer, @$operator);
is(sql("SELECT price FROM onboard.products WHERE sku = 'BOWL-7'"), '100.00', 'so that it is applied');
($out) = is_exit(0, 'history of it', qw(history BOWL-7));
like($out, qr/ updated       upload \Q$dearer\E, line 2, approved by operator\n    price              10\.00 -> 100\.00$/m,
	'says who approved it');
($out) = is_exit(0, 'history --json of it', qw(history BOWL-7 --json));
is_deeply([ map { $_->{approved} } @{ json_of($out)->{changes} } ], [ $false, $true ], 'which change was approved');
($out) = is_exit(0, 'a vendor sees who changed nothing', qw(history BOWL-7 --json --db), conninfo('beta'));
is_deeply([ map { $_->{changed_by} } @{ json_of($out)->{changes} } ], [ undef, undef ], 'of its own products');

# ----- a price file from comparing to undo -----

is_exit(0, 'the products', 'load', "$data/VEND001_20260104_090000.csv", '--vendor', 'VEND001', '--no-reports', '-q');
my @as_of = ('--as-of', sql(qq{SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')}));
my @update = ("$data/prices.csv", '--vendor', 'VEND001', '--mode', 'update', @as_of);
($out) = is_exit(1, 'diff of the price file', 'diff', @update, '-q');
is($out, "prices.csv: 5 rows, 1 updated, 1 unchanged, 2 held, 1 rejected\n", 'says what a load would do');
($out) = is_exit(1, 'its load', 'load', @update, '--no-reports');
my ($upload) = $out =~ /^Upload (VEND001-\w+): partial$/m;
is($out =~ s/ in \d+ ms/ in 9 ms/r, <<"END", 'does that');
prices.csv: 5 rows in 9 ms
         4  accepted   80.0 %
             1  updated
             1  unchanged
             2  held
         1  rejected   20.0 %

What is wrong
         1 row   UNKNOWN_PRODUCT in vendor_product_id
                 line 6: vendor_product_id "NEW-0001" is not in the catalogue

Upload $upload: partial
2 wait for approval; see "onboard held $upload"
END
($out) = is_exit(1, 'the load again', 'load', @update, '--no-reports', '-q');
is($out, "prices.csv: 5 rows, 4 accepted (1 updated, 1 unchanged, 2 held), 1 rejected, upload $upload, loaded before\n",
	'shows the same');
($out) = is_exit(1, 'as JSON', 'load', @update, '--no-reports', '--json');
$document = json_of($out);
is_deeply([ @$document{qw(mode inserted updated unchanged stale held discontinued discontinued_missing waiting)} ],
	[ 'update', 0, 1, 1, 0, 2, 0, 0, 2 ], 'shows the same counts');
# The price of the second held row would now be above the product's price before the reduction.
sql("UPDATE onboard.products SET price = 5, compare_at_price = 6 WHERE vendor_id = 'VEND001' AND vendor_product_id = 'ART-0004'");
($out) = is_exit(1, 'approve', 'approve', $upload);
like($out, qr/\AApplied 1 row of upload \Q$upload\E\.\n  row 4 is refused: .*INVALID_COMPARE_AT_PRICE.*\n\z/, 'says what it refused');
($out) = is_exit(0, 'status', 'status', $upload);
like($out, qr/^  decided   1 applied, 1 refused$/m, 'counts what was applied and what was refused');
($out) = is_exit(0, 'held', 'held', $upload);
is($out, "Nothing waits for approval.\n", 'and nothing waits');
($out) = is_exit(0, 'undo --dry-run', 'undo', $upload, '--dry-run');
is($out, "Undoing would remove 0 products and restore 2 of upload $upload.\n", 'undo would restore what was changed');
($out) = is_exit(0, 'undo', 'undo', $upload);
is($out, "Removed 0 products and restored 2 of upload $upload.\n", 'and does');
($out) = is_exit(0, 'status', 'status', $upload);
like($out, qr/^  undone    \d{4}-\d\d-\d\d \d\d:\d\d$/m, 'says when');
($out) = is_exit(0, 'history', qw(history ART-0001 --vendor VEND001 --match vendor_product_id));
is(with_times($out) =~ s/\A.*\n.*\n//r, <<"END", 'shows all of it');
TIME  updated       upload $upload, line 2
    price              90.43 -> 94.90
    stock_quantity     376 -> 350
TIME  reverted      upload $upload, line 2  by onboard
    price              94.90 -> 90.43
    stock_quantity     350 -> 376
END

# Usage errors, and files that a load would refuse
is_refused(3, qr/specify the vendor with --vendor/, qw(diff tomorrow.csv));
is_refused(3, qr/option --mode takes one of these words: insert, upsert, update, replace; not "merge"/,
	qw(diff tomorrow.csv --vendor ALPHA --mode merge));
is_refused(3, qr/option --match takes one of these words: .*; not "id"/,
	qw(diff tomorrow.csv --vendor ALPHA --mode update --match id));
is_refused(3, qr/option --blank takes one of these words: .*; not "null"/,
	qw(diff tomorrow.csv --vendor ALPHA --mode update --blank null));
is_refused(2, qr/vendor "GAMMA" does not exist/, qw(diff tomorrow.csv --vendor GAMMA --mode update));
is_refused(2, qr/the file is empty/i, 'diff', write_file('empty.csv', ''), qw(--vendor ALPHA --mode update));
write_file('known.csv', $header . "B-7,Bowl,Kitchen,BOWL-7,100,2,white\n");
my @known = qw(diff known.csv --vendor BETA);
like((is_exit(1, 'diff of a mode that the vendor may not use', @known, qw(--mode replace --as-of 2026-01-01)))[1],
	qr/^onboard: a load would be refused: vendor "BETA" may not use mode "replace"; its modes are: insert, upsert, update$/m,
	'says that a load would be refused');
like((is_exit(0, 'diff of a time in the future', @known, qw(--mode upsert --as-of 2999-01-01)))[1],
	qr/^onboard: a load would be refused: the time of the file, 2999-01-01T00:00:00\S*Z, is in the future$/m,
	'says that its time would be refused');
unlike((is_exit(0, 'diff -q', @known, qw(--mode upsert --as-of 2999-01-01 -q)))[1], qr/./, 'is silent');
unlike((is_exit(0, 'diff that a load would accept', @known, qw(--mode upsert)))[1], qr/refused/, 'says nothing of a refusal');
is_refused(4, qr{cannot write /nowhere/x\.csv}, qw(diff tomorrow.csv --vendor ALPHA --mode update --csv /nowhere/x.csv));

is(sql("SELECT count(*) FROM onboard.upload_history WHERE vendor_id = 'ALPHA'"), $uploads + 1, 'comparing records no upload');
is(sql("SELECT md5(string_agg(p::text, ',' ORDER BY product_id)) FROM onboard.products p
		WHERE sku NOT LIKE 'M-SKU-%' AND sku <> 'BOWL-7' AND vendor_id <> 'VEND001'"),
	$before, 'and changes no product');

# ----- the last step of a replace -----

is_exit(0, 'another vendor that may replace', qw(vendor set BETA --modes), 'insert,replace');
write_file('fewest.csv', $header . "B-7,Bowl,Kitchen,BOWL-7,100,1,white\n");
($out) = is_exit(1, 'load of a replace', qw(load fewest.csv --vendor BETA --mode replace --no-reports --json));
my $fewest = json_of($out)->{upload_id};
($out) = is_exit(0, 'approve of its last step', 'approve', $fewest, '--rows', '0');
is($out, "Discontinued the products that no row of upload $fewest names; there were 2 when it ended.\n", 'says what it means');
is(sql("SELECT status FROM onboard.products WHERE sku = 'RAKE'"), 'discontinued', 'and does it');
($out) = is_exit(0, 'status --json of it', 'status', $fewest, '--json');
is_deeply([ @{ json_of($out) }{qw(waiting decisions)} ],
	[ 0, { applied => 1, declined => 0, superseded => 0, refused => 0 } ], 'counts the decisions');

# ----- undo declines what waits -----

write_file('dearest.csv', "vendor_product_id,price\nB-7,1000\n");
is_exit(0, 'a vendor that may update', qw(vendor set BETA --modes), 'insert,update');
($out) = is_exit(1, 'a row is held', qw(load dearest.csv --vendor BETA --mode update --no-reports --json));
my $dearest = json_of($out)->{upload_id};
($out) = is_exit(0, 'undo --dry-run', 'undo', $dearest, '--dry-run');
like($out, qr/^It would decline 1 held row that waits for approval\.$/m, 'says that it would decline it');
($out) = is_exit(0, 'undo', 'undo', $dearest);
like($out, qr/^Declined 1 held row that waited for approval\.$/m, 'says that it does');
($out) = is_exit(0, 'undo again', 'undo', $dearest, '--json');
is(json_of($out)->{declined}, 0, 'and once only');

done_testing();
