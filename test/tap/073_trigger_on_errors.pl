# Users' triggers on tables that a load writes, other than products, may read
# and change products.  They see all preceding rows, and on every path each row
# has its verdict and every index agrees with the table.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $node = new_server('triggers');

add_database($node, 'triggers', 'V1');
my $has_amcheck = $node->psql('triggers', 'CREATE EXTENSION amcheck') == 0;

# Rows in groups of three: a valid one, one with a bad price, and one with the
# SKU of the first.  There is no row 0, so row 2 is valid.
$node->safe_psql('triggers', <<'SQL');
CREATE TABLE public.seen (tag text, products bigint);
CREATE VIEW public.rows AS SELECT n, n + 1 AS line, 'S' || (n - n % 3) || CASE n % 3 WHEN 1 THEN 'bad' ELSE ''
	END AS sku, 'P' || n AS id,
	CASE n % 3 WHEN 1 THEN 'x' ELSE '1' END AS price FROM generate_series(1, 30) n;
GRANT SELECT ON public.rows TO loader;
CREATE FUNCTION public.counter(wanted text) RETURNS bigint
	LANGUAGE sql AS 'SELECT value FROM public.onboard_statistics() WHERE name = wanted';
-- Change the row stored last, delete another, and note how many there are.
CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO public.seen SELECT TG_TABLE_NAME, pg_catalog.count(*) FROM onboard.products;
	UPDATE onboard.products SET brand = coalesce(brand, '') || 'm'
		WHERE row_number = (SELECT pg_catalog.max(row_number) FROM onboard.products);
	DELETE FROM onboard.products WHERE sku = 'S12';
	UPDATE onboard.products SET sku = 'renamed ' || row_number WHERE sku = 'S15';
	RETURN NEW;
END $$;
SQL

my %doors = (
	intake => "INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name,
		category, sku, price, stock_quantity) "
	  . "SELECT :'u', n, line, id, 'n', 'Books', sku, price, '1' FROM rows ORDER BY n;",
	ingest => "SELECT count(*) FROM onboard_ingest(:'u',
		(SELECT jsonb_agg(jsonb_build_object('row_number', n, 'line_number', line, 'product', "
	  . "jsonb_build_object('vendor_product_id', id, 'product_name', 'n', 'category', 'Books', 'sku', sku, 'price', "
		. "price, 'stock_quantity', 1))) FROM rows)) \\g /dev/null\n");
$doors{copy} = "COPY onboard.intake (upload_id, row_number, line_number, vendor_product_id, product_name, category, sku,
	price, stock_quantity) FROM STDIN;\n"
  . join('', map { chomp; "UPLOAD\t$_\n" } split /^/, $node->safe_psql('triggers',
  	"COPY (SELECT n, line, id, 'n', 'Books', sku, price, '1' FROM rows ORDER BY n) TO STDOUT") . "\n") . "\\.\n";

# Load through an interface as an ordinary loader; returns the error, or the
# verdicts, the catalogue's contents and the path.
sub load
{
	my ($door, $settings) = @_;
	my ($out, $err) = ('', '');
	my $statement = $doors{$door};
	my $upload = $node->safe_psql('triggers', "TRUNCATE seen; SELECT onboard_begin_upload('V1', 'x.csv')");

	$statement =~ s/^UPLOAD\t/$upload\t/mg;
	$node->psql('triggers', "$settings;\nSELECT public.counter('rows_direct') AS direct, public.counter('rows_plain') "
		. "AS plain \\gset\n\\set u '$upload'\n$statement"
		. "SELECT public.counter('rows_direct') - :direct, public.counter('rows_plain') - :plain",
		stdout => \$out, stderr => \$err, extra_params => [ '-U', 'loader' ], on_error_stop => 1);
	return { error => $err } if $err ne '';
	my %found = (path => $out =~ /^0\|[1-9]/m ? 'plain' : $out =~ /^[1-9]\d*\|0$/m ? 'direct' : $out);
	@found{qw(verdicts products counts seen)} = split /\n/, $node->safe_psql('triggers', <<"SQL"), -1;
SELECT string_agg(row_number || ' ' || error_type, ',' ORDER BY row_number, error_id) FROM onboard.validation_errors
	WHERE upload_id = '$upload';
SELECT string_agg(row_number || ' ' || sku || coalesce(' ' || brand, ''), ',' ORDER BY row_number) FROM onboard.products
	WHERE upload_id = '$upload';
SELECT valid_records, error_records FROM onboard.upload_history WHERE upload_id = '$upload';
SELECT string_agg(tag || ' ' || products, ',' ORDER BY ctid) FROM seen;
SQL
	return \%found;
}

# Index scans agree with the table, and amcheck finds no fault.
sub check_indexes
{
	my ($name) = @_;
	my $counts = "SELECT count(*), count(DISTINCT sku), count(DISTINCT vendor_product_id) FROM onboard.products
		WHERE vendor_id >= '' AND sku >= ''";
	my $amcheck = $has_amcheck ? "SELECT bt_index_parent_check(i.indexrelid, true, true) FROM pg_index i WHERE "
		. "i.indrelid = 'onboard.products'::regclass \\g /dev/null\n" : '';
	my ($out, $err) = ('', '');

	$node->psql('triggers', "SET enable_bitmapscan = off; SET enable_seqscan = off; $counts; RESET enable_seqscan; SET "
		. "enable_indexscan = off; SET enable_indexonlyscan = off; $counts;\n$amcheck",
		stdout => \$out, stderr => \$err, on_error_stop => 1);
	my ($by_index, $by_table) = split /\n/, $out;
	is($by_index, $by_table, "$name: indexes and table agree");
	is($err, '', $has_amcheck ? "$name: and are sound" : "$name: without an error");
	return;
}

# Each trigger: its table, its timing, and the resulting path.
my @triggers = (
	[ 'validation_errors', 'BEFORE INSERT', 'ROW', 'plain' ], [ 'validation_errors', 'AFTER INSERT', 'ROW', 'plain' ],
		[ 'validation_errors', 'AFTER INSERT', 'STATEMENT', 'plain' ],
	[ 'intake', 'BEFORE INSERT', 'ROW', 'plain' ], [ 'intake', 'AFTER INSERT', 'ROW', 'plain' ],
		[ 'intake', 'AFTER INSERT', 'STATEMENT', 'plain' ],
	[ 'upload_history', 'AFTER UPDATE', 'ROW', 'direct' ], [ 'judged_rows', 'AFTER INSERT OR UPDATE', 'ROW', 'direct' ],
		[ 'outbox', 'BEFORE INSERT', 'ROW', 'direct' ]);

for my $trigger (@triggers)
{
	my ($table, $when, $each, $path) = @$trigger;
	my $name = "$when ON $table FOR EACH $each";

	$node->safe_psql('triggers', "CREATE TRIGGER meddle $when ON onboard.$table FOR EACH $each
		EXECUTE FUNCTION meddle()");
	for my $door ($table eq 'intake' ? qw(intake copy) : qw(intake copy ingest))
	{
		my ($free, $plain);

		$plain = load($door, 'SET onboard.load_path = plain');
		$node->safe_psql('triggers', 'DELETE FROM onboard.products');
		$free = load($door, 'SET onboard.window_rows = 7');
		is($free->{error}, undef, "$name, $door: no error");
		is($free->{path}, $path, "$name, $door: rows go in by the $path path");
		is($free->{$_}, $plain->{$_}, "$name, $door: the same $_ as row by row") for qw(verdicts products counts seen);
		like($free->{seen} // '', qr/ [1-9]/, "$name, $door: the trigger sees products");
		check_indexes("$name, $door");
		$node->safe_psql('triggers', 'DELETE FROM onboard.products');
	}
	$node->safe_psql('triggers', "DROP TRIGGER meddle ON onboard.$table");
}

# A trigger on errors sees every preceding valid row, and no later one.
$node->safe_psql('triggers', 'CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO public.seen SELECT NEW.row_number, pg_catalog.count(*) FROM onboard.products; RETURN NEW; END $$;'
	. 'CREATE TRIGGER note AFTER INSERT ON onboard.validation_errors FOR EACH ROW EXECUTE FUNCTION note()');
is(load('copy', 'SET onboard.window_rows = 50000')->{seen},
	join(',', map { "$_ " . ($_ == 1 ? 0 : int($_ / 3) + 1) } grep { $_ != 2 && $_ % 3 } 1 .. 30),
	'a trigger on errors sees the preceding valid rows and no others');
$node->safe_psql('triggers', 'DROP TRIGGER note ON onboard.validation_errors; DELETE FROM onboard.products');

# So does a function called by the INSERT itself or by a default of the
# interface's columns.
$node->safe_psql('triggers', <<'SQL');
CREATE FUNCTION meddle_now(value text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO public.seen SELECT 'now', pg_catalog.count(*) FROM onboard.products;
	UPDATE onboard.products SET brand = coalesce(brand, '') || 'm'
		WHERE row_number = (SELECT pg_catalog.max(row_number) FROM onboard.products);
	UPDATE onboard.products SET sku = 'renamed ' || row_number WHERE sku = 'S15';
	DELETE FROM onboard.products WHERE sku = 'S12';
	RETURN value;
END $$;
SQL
my $insert = $doors{intake};
my %calls = (
	'in the list' => [ $insert =~ s/ id, 'n'/ id, public.meddle_now('n')/r, '' ],
	'in a subquery' => [ $insert =~ s/ id, 'n'/ id, (SELECT public.meddle_now('n') WHERE n > 0)/r, '' ],
	'in FROM' => [ $insert =~ s/FROM rows/FROM (SELECT r.*, m FROM rows r, LATERAL public.meddle_now('n') m) rows/r,
		'' ],
	'in a default' => [ $doors{copy},
		"ALTER FOREIGN TABLE onboard.intake ALTER brand SET DEFAULT public.meddle_now('b')",
		'ALTER FOREIGN TABLE onboard.intake ALTER brand DROP DEFAULT' ]);

for my $call (sort keys %calls)
{
	my ($statement, $before, $after) = @{ $calls{$call} };
	my ($free, $plain);

	$node->safe_psql('triggers', $before);
	$doors{now} = $statement;
	$plain = load('now', 'SET onboard.load_path = plain');
	$node->safe_psql('triggers', 'DELETE FROM onboard.products');
	$free = load('now', 'SET onboard.window_rows = 7');
	is($free->{error}, undef, "a function $call: no error");
	is($free->{path}, 'plain', "a function $call: rows take the plain path");
	is($free->{$_}, $plain->{$_}, "a function $call: the same $_ as row by row") for qw(verdicts products counts seen);
	check_indexes("a function $call");
	$node->safe_psql('triggers', 'DELETE FROM onboard.products;' . ($after // ''));
}

# A stable function, or one in C, does not change the path.
$node->safe_psql('triggers', "CREATE FUNCTION look(value text) RETURNS text LANGUAGE sql STABLE AS 'SELECT value'");
$doors{now} = $insert =~ s/ id, 'n'/ id, look('n') || random()/r;
is(load('now', 'SET onboard.window_rows = 7')->{path}, 'direct',
	"a user's stable function and a built-in volatile one keep the path direct");
$node->safe_psql('triggers', 'DELETE FROM onboard.products');

# A disabled trigger changes nothing, nor does one on UPDATE.
$node->safe_psql('triggers', 'CREATE TRIGGER note AFTER INSERT ON onboard.validation_errors FOR EACH ROW
	EXECUTE FUNCTION note(); ALTER TABLE onboard.validation_errors DISABLE TRIGGER note;'
	. 'CREATE TRIGGER later AFTER UPDATE ON onboard.validation_errors FOR EACH ROW EXECUTE FUNCTION note()');
is(load('copy', 'SET onboard.window_rows = 7')->{path}, 'direct', 'triggers that do not run leave the path direct');

$node->stop;
done_testing();
