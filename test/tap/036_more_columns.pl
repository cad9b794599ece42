# Adding a column requires changes only to the table of columns and to the install script.
# A patch to these two files adds three optional columns to a copy of the tree, which then
# loads, judges, reports and dumps them through both doors.

use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $directory = PostgreSQL::Test::Utils::tempdir();
my $root = source_root();
my @all = qw(vendor_product_id product_name category subcategory description sku brand price compare_at_price
  stock_quantity unit weight_kg dimensions_cm material deposit pieces_per_box image_url);

# ----- the copy -----

# Use a PostgreSQL installation with server headers: a private copy has none.
sub has_headers
{
	my ($pg_config) = @_;

	return -x $pg_config && -e qx($pg_config --includedir-server) =~ s/\n\z//r . '/postgres.h';
}

my ($pg_config) = grep { has_headers($_) } map { "$_/pg_config" } split /:/, $ENV{PATH};

plan skip_all => "no pg_config on PATH with the server's headers" unless defined $pg_config;

# Run a shell command; show its output if it fails.
sub shell
{
	my ($what, $command) = @_;
	my $output = qx(($command) 2>&1);

	is($?, 0, $what) or do { diag($output); die "$what: failed\n" };
	return $output;
}

my $tree = "$directory/tree";
my $installation = "$directory/installation";

my $built = join ' ', map { "--exclude='$_'" } qw(./.git ./build *.o *.d *.so ./glue/onboard ./glue/bootstrap);

shell('the tree is copied', "mkdir $tree && tar -C $root $built -cf - . | tar -C $tree -xf -");
unlike(shell('the columns are added', "patch -d $tree -p1 < $root/test/data/more_columns.patch"), qr/fuzz/,
	'without fuzz');
# The speed of the copy does not matter.
shell('the copy compiles', "make -s -C $tree -j2 PG_CONFIG=$pg_config COPT=-O0 CFLAGS=-O0 all");
shell('and can be installed', "PG_CONFIG=$pg_config $tree/test/temp_install.sh $installation");

$ENV{PATH} = "$installation/bin:$ENV{PATH}";
$ENV{ONBOARD_BIN} = "$installation/usr/local/bin/onboard";

my $node = new_server('more_columns');

my @database = ('--db', $node->connstr('before') . ' user=loader');

add_database($node, 'before', qw(COPY INGEST PLAIN TEMPLATE));

# ----- rows, and their expected results -----

# In the order of the rows: material, deposit, pieces_per_box.
my @rows = (
	[ 'oak', '12.5', '6' ],
	[ ' ', '', '' ],
	[ "\xC3\xBC" x 60, '0.25', '5000' ],
	[ 'x' x 61, '0.24', '5001' ],
	[ 'oak', 'EUR 3', '2.5' ],
	[ '=1+1', '1000.01', '0' ],
	[ 'pine', '3.999', 'a dozen' ]);
my $stored = <<'ROWS' . ("\xC3\xBC" x 60) . '|0.25|5000';
oak|12.50|6
||
ROWS
my $findings = <<'FINDINGS' =~ s/\n\z//r;
4|INVALID_PRICE|deposit|deposit "0.24" is below the minimum of 0.25||0.24
4|INVALID_STOCK|pieces_per_box|pieces_per_box "5001" is above the maximum of 5000||5001
4|FIELD_LENGTH_EXCEEDED|material|material has 61 characters; the limit is 60||LONG
5|INVALID_PRICE|deposit|deposit "EUR 3" is not a plain number such as 1299.00|3|EUR 3
5|INVALID_STOCK|pieces_per_box|pieces_per_box "2.5" is not a whole number||2.5
6|INVALID_PRICE|deposit|deposit "1000.01" is above the maximum of 1000.00||1000.01
6|INVALID_STOCK|pieces_per_box|pieces_per_box "0" is below the minimum of 1||0
7|INVALID_PRICE|deposit|deposit "3.999" has more than 2 digits after the decimal point||3.999
7|INVALID_STOCK|pieces_per_box|pieces_per_box "a dozen" is not a whole number||a dozen
FINDINGS

$findings =~ s/LONG/'x' x 61/e;

# Return the values of a row, by column; keys differ between vendors.
sub product
{
	my ($vendor, $number) = @_;
	my ($material, $deposit, $pieces_per_box) = @{ $rows[ $number - 1 ] };

	return {
		vendor_product_id => "$vendor-$number", product_name => "Name $number", category => 'Kitchen',
		subcategory => 'Sub', description => 'Long', sku => "SKU-$vendor-$number", brand => 'Brand',
		price => '1.00', compare_at_price => '2.00', stock_quantity => '3', unit => 'box', weight_kg => '4.5',
		dimensions_cm => '1x2x3', material => $material, deposit => $deposit,
		pieces_per_box => $pieces_per_box, image_url => 'https://example.com/x.jpg' };
}

# Check the stored products and the findings of the vendor's only upload.
sub is_judged
{
	my ($vendor, $path) = @_;
	my $upload = $node->safe_psql('before', "SELECT upload_id FROM onboard.upload_history WHERE vendor_id = '$vendor'");

	is($node->safe_psql('before', <<SQL), $stored, "$path: values are stored");
SELECT material, deposit, pieces_per_box FROM onboard.products WHERE upload_id = '$upload' ORDER BY row_number
SQL
	is($node->safe_psql('before', <<SQL), $findings, "$path: values are judged");
SELECT row_number, error_type, error_field, error_message, suggestion, rejected_value
FROM onboard.validation_errors WHERE upload_id = '$upload' ORDER BY row_number, error_id
SQL
	return $upload;
}

sub load_file
{
	my ($vendor) = @_;
	my $path = "$directory/$vendor.csv";

	write_file($path, join "\n", join(',', @all), map { join ',', @{ product($vendor, $_) }{@all} } 1 .. @rows);
	return run_onboard('load', $path, '--vendor', $vendor, '--quiet', '--reports', $directory, @database);
}

# ----- COPY -----

my ($code, $out, $err) = load_file('COPY');

is($code, 1, 'the command line loads a file with the columns') or diag "$out$err";
my $upload = is_judged('COPY', 'COPY');

# The library builds the jsonb itself, so it must be byte for byte what the server would write.
is($node->safe_psql('before', <<'SQL'), '4|17|t|t', 'original_data has every column and is valid jsonb');
SELECT count(*), min((SELECT count(*) FROM jsonb_object_keys(original_data))), bool_and(written *= parsed),
	bool_and(original_data ->> 'image_url' = 'https://example.com/x.jpg' AND original_data ->> 'material' <> ''
		AND original_data ->> 'deposit' IN ('0.24', 'EUR 3', '1000.01', '3.999')
		AND original_data ->> 'vendor_product_id' = 'COPY-' || row_number)
FROM (SELECT DISTINCT ON (row_number) *, ROW(original_data) AS written, ROW(original_data::text::jsonb) AS parsed
	FROM onboard.validation_errors) e
SQL

my $fix = slurp_file("$directory/$upload/fix.csv") =~ s/\A\xEF\xBB\xBF//r;
my $errors = slurp_file("$directory/$upload/errors.csv");

like($fix, qr/\A\Q@{[ join ',', @all ]}\E,onboard_line,/, 'the fix file has the columns of the file');
like($fix, qr/,oak,EUR 3,2\.5,/, 'with its values');
like($fix, qr/deposit: 3\b/, 'and suggestions');
like($errors, qr/^\d*,deposit,EUR 3,"?deposit ""EUR 3"" is not a plain number[^"]*"?,3,.*,INVALID_PRICE,/m,
	'the error report names the column');

($code, $out, $err) = run_onboard('check', "$directory/COPY.csv", '--vendor', 'INGEST', '--quiet', '--errors',
	"$directory/checked.csv", @database);
is($code, 1, 'a dry run finds the errors, too') or diag "$out$err";
like(slurp_file("$directory/checked.csv"), qr/^\d+,deposit,EUR 3,.*,3,/m, 'and reports them');

# ----- onboard_ingest -----

# The values are already UTF-8 bytes, which latin1 leaves unchanged.
my $records = JSON::PP->new->latin1->encode(
	[ map { { row_number => $_, product => product('INGEST', $_) } } 1 .. @rows ]);

is($node->safe_psql('before', <<SQL), "rows_direct", 'rows are stored directly, because the table is unchanged');
SELECT onboard_begin_upload('INGEST', 'f.json', total_records => 7) AS upload \\gset
SELECT FROM onboard_ingest(:'upload', \$json\$$records\$json\$) \\g /dev/null
SELECT name FROM onboard_statistics() WHERE name IN ('rows_direct', 'rows_plain') AND value > 0;
SQL
$upload = is_judged('INGEST', 'JSON');
like($node->safe_psql('before', "SELECT onboard_fix_csv('$upload') LIMIT 1"),
	qr/\A\Q@{[ join ',', @all ]}\E,onboard_line,/,
	'without a header the fix file has all columns, in order');
like($node->safe_psql('before', q(SELECT error_message FROM onboard_validate('COPY', '{"deposit": []}'))),
	qr/^deposit is an array/,
	'the message about a value that is not text has the column name');

# ----- changing products -----

foreach my $path (qw(auto plain))
{
	my ($material, $deposit, $pieces_per_box) = $path eq 'auto' ? ('pine', '1', '') : ('', '2.5', '7');

	$records = JSON::PP->new->latin1->encode([
		{ row_number => 1, product => { vendor_product_id => 'INGEST-1', material => $material, deposit => $deposit,
			pieces_per_box => $pieces_per_box } },
		{ row_number => 2, product => { vendor_product_id => 'INGEST-2', material => '' } },
		{ row_number => 3, product => { vendor_product_id => 'INGEST-3', deposit => 'EUR 3' } } ]);
	is($node->safe_psql('before', <<SQL), "1|updated|\n2|unchanged|\n3||INVALID_PRICE", "$path: products change");
SET onboard.load_path = $path;
SELECT onboard_begin_upload('INGEST', 'g.json', mode => 'update', total_records => 3) AS upload \\gset
SELECT row_number, action, errors -> 0 ->> 'error_type' FROM onboard_ingest(:'upload', \$json\$$records\$json\$);
SQL
}
is($node->safe_psql('before', <<'SQL'), <<'CHANGES' =~ s/\n\z//r, 'and the history has the values');
SELECT old_values, new_values FROM onboard.product_changes ORDER BY change_id
SQL
{"deposit": 12.50, "material": "oak", "pieces_per_box": 6}|{"deposit": 1.00, "material": "pine", "pieces_per_box": null}
{"deposit": 1.00, "material": "pine", "pieces_per_box": null}|{"deposit": 2.50, "material": null, "pieces_per_box": 7}
CHANGES

# ----- INSERT -----

$node->safe_psql('before', <<'SQL');
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER see BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION see();
ALTER TABLE onboard.products ALTER COLUMN material SET DEFAULT 'unknown';
SQL
($code, $out, $err) = load_file('PLAIN');
is($code, 1, 'the file is loaded with a trigger, too') or diag "$out$err";
$stored =~ s/^\|\|$/unknown||/m;
is_judged('PLAIN', 'INSERT');
$node->safe_psql('before', 'DROP TRIGGER see ON onboard.products;
	ALTER TABLE onboard.products ALTER COLUMN material DROP DEFAULT');

# ----- template -----

my (undef, $template) = run_onboard('template');

like($template, qr/\A\Q@{[ join ',', @all ]}\E\n.*,steel,0\.25,6,/, 'the template has the columns, with examples');
write_file("$directory/template.csv", $template);
($code, $out, $err) = run_onboard('load', "$directory/template.csv", '--vendor', 'TEMPLATE', '--quiet', @database);
is($code, 0, 'and can be loaded') or diag "$out$err";

# ----- dump and restore -----

$node->command_ok([ 'pg_dump', '--file', "$directory/dump.sql", 'before' ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE after');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', "$directory/dump.sql",
	'after' ], 'the dump can be restored');
is(table_sums($node, 'after'), table_sums($node, 'before'), 'with all values');

done_testing();
