# Products that exist are found, compared with a row and changed, on each path: directly, under
# logical decoding, and by UPDATE statements where users have added to the table. The test library
# onboard_test_product_change calls the catalogue as a loader does (test/modules/product_change.c).

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $library = 'onboard_test_product_change';
my $node = new_server('update');

# A database whose extension is in the test library.
sub add_test_database
{
	my ($name, @vendors) = @_;

	add_database($node, $name, @vendors);
	$node->safe_psql($name, "UPDATE pg_proc SET probin = '\$libdir/$library' WHERE probin = '\$libdir/onboard';
		ALTER DATABASE $name SET session_preload_libraries = '$library'");
	return;
}

# The tables belong to an ordinary role, subject to row security.
$node->safe_psql('postgres', 'CREATE ROLE shopkeeper LOGIN');
add_test_database('shop', 'V1', 'V2');
give_to($node, 'shop', 'shopkeeper');
my $functions = <<'SQL';
CREATE FUNCTION change_products(vendor_id text, key text, keys text[], rows jsonb[], intent text, pause bigint)
	RETURNS text[] LANGUAGE c AS 'onboard_test_product_change';
CREATE FUNCTION load(vendor_id text, records jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	upload text := public.onboard_begin_upload(vendor_id, 'f.csv', content_id => pg_catalog.md5(random()::text));
BEGIN
	PERFORM FROM public.onboard_ingest(upload, records) r WHERE r.status <> 'validated';
	IF FOUND THEN
		RAISE EXCEPTION 'not loaded';
	END IF;
END $$;
CREATE FUNCTION load(vendor_id text, skus text[]) RETURNS void LANGUAGE sql AS $$
	SELECT load(vendor_id, jsonb_agg(jsonb_build_object('row_number', n, 'product', jsonb_build_object(
		'sku', sku, 'vendor_product_id', 'P' || sku, 'product_name', 'Name', 'category', 'Kitchen', 'brand', 'Acme',
		'price', '50', 'compare_at_price', '60', 'stock_quantity', '5', 'weight_kg', '1.5', 'colour', 'red'))))
	FROM unnest(skus) WITH ORDINALITY t (sku, n);
$$;
-- What a session has counted since the last call.
CREATE FUNCTION counted() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	SELECT string_agg(name || ' ' || value - coalesce(current_setting('t.' || name, true)::bigint, 0), ' ' ORDER BY name)
		FILTER (WHERE value > coalesce(current_setting('t.' || name, true)::bigint, 0)) INTO result
		FROM public.onboard_statistics() WHERE name ~ 'changes';
	PERFORM set_config('t.' || name, value::text, false) FROM public.onboard_statistics() WHERE name ~ 'changes';
	RETURN coalesce(result, 'none');
END $$;
SQL

$node->safe_psql('shop', $functions);

my $serial = 0;
my $database = 'shop';

# SQL that changes products of V1, found by their SKU.
sub change_sql
{
	my ($skus, $rows, %option) = @_;
	my $intent = $option{intent} // 'follow';
	my $pause = $option{pause} // 0;
	my $vendor = $option{vendor} // 'V1';
	my $key = $option{key} // 'sku';

	return "SELECT change_products('$vendor', '$key', '{"
	  . join(',', @$skus) . "}', ARRAY[" . join(', ', map { "'$_'" } @$rows) . "]::jsonb[], '$intent', $pause)";
}

# Load a new product, or several; returns their SKUs.
sub new_products
{
	my ($count) = @_;
	my @skus = map { 'S' . ++$serial } 1 .. $count;

	$node->safe_psql($database, "SELECT load('V1', '{" . join(',', @skus) . "}'::text[])");
	return @skus;
}

sub product
{
	my ($sku, $columns) = @_;
	return $node->safe_psql('shop', "SELECT $columns FROM onboard.products WHERE sku = '$sku'");
}

# ----- what a row changes, and that both paths agree -----

# The columns of a row, the intent, what is reported, and the product before and after.
my @changes = (
	[ '{"price": "50"}', 'follow', 'unchanged' ],
	[ '{"price": "50.00", "product_name": "Name", "brand": "Acme", "stock_quantity": "5", "weight_kg": "1.50", '
		  . '"unit": "", "subcategory": "", "colour": "red"}', 'follow', 'unchanged' ],
	[ '{"price": "49.99"}', 'follow', '"updated price"', 'price', '49.99' ],
	[ '{"compare_at_price": ""}', 'follow', '"updated compare_at_price"', 'compare_at_price', '' ],
	[ '{"compare_at_price": "70"}', 'follow', '"updated compare_at_price"', 'compare_at_price', '70.00' ],
	[ '{"brand": ""}', 'follow', '"updated brand"', 'brand', '' ],
	[ '{"brand": "Zeta"}', 'follow', '"updated brand"', 'brand', 'Zeta' ],
	[ '{"unit": "box"}', 'follow', '"updated unit"', 'unit', 'box' ],
	[ '{"weight_kg": ""}', 'follow', '"updated weight_kg"', 'weight_kg', '' ],
	[ '{"category": "Garden"}', 'follow', '"updated category"', 'category', 'Garden' ],
	[ '{"colour": "blue"}', 'follow', '"updated attributes"', 'attributes', '{"colour": "blue"}' ],
	[ '{"description": "' . ('long ' x 400) . '"}', 'follow', '"updated description"', 'length(description)', 1999 ],
	[ '{"stock_quantity": "4"}', 'follow', '"updated stock_quantity"', 'stock_quantity, status', '4|active' ],
	[ '{"stock_quantity": "0"}', 'follow', '"updated stock_quantity status"', 'stock_quantity, status', '0|out_of_stock' ],
	[ '{"vendor_product_id": " Q "}', 'follow', '"updated vendor_product_id"', 'vendor_product_id', 'Q' ],
	[ '{}', 'discontinue', '"discontinued status"', 'status, price', 'discontinued|50.00' ],
	[ '{"price": "1"}', 'discontinue', '"discontinued status"', 'status, price', 'discontinued|50.00' ],
	[ '{"price": "1"}', 'restore', '"updated price"', 'status, price', 'active|1.00' ],
);
for my $setting ('auto', 'plain')
{
	for my $change (@changes)
	{
		my ($row, $intent, $wanted, $columns, $value) = @$change;
		my ($sku) = new_products(1);
		my $kept = "SELECT to_jsonb(p) - 'updated_at' FROM onboard.products p WHERE sku = '$sku'";
		my $old = $node->safe_psql('shop', $kept);
		my $what = "$setting: $intent " . substr $row, 0, 60;
		my $result = $node->safe_psql('shop',
			"SET onboard.load_path = $setting; " . change_sql([$sku], [$row], intent => $intent));

		is($result, "{$wanted}", $what);
		if ($wanted eq 'unchanged')
		{
			is($node->safe_psql('shop', $kept), $old, 'nothing changed');
			is(product($sku, 'updated_at = created_at'), 't', 'updated_at is the same');
			next;
		}
		is(product($sku, $columns), $value, 'the value');
		is(product($sku, 'updated_at > created_at'), 't', 'updated_at is later');
		(my $names = $wanted) =~ s/^"\w+ |"$//g;
		$names = join ', ', map { "'$_'" } split / /, $names;
		is($node->safe_psql('shop', "SELECT '$old'::jsonb - ARRAY[$names] = to_jsonb(p) - ARRAY[$names, 'updated_at']
			FROM onboard.products p WHERE sku = '$sku'"), 't', 'all other values are as before');
		is($node->safe_psql('shop', "SET onboard.load_path = $setting; " . change_sql([$sku], [$row], intent => $intent)),
			'{unchanged}', 'a second time, it changes nothing');
	}
	$node->safe_psql('shop', "DELETE FROM onboard.products WHERE vendor_product_id = 'Q'");
}

# The statuses that a product may have, its stock before and after, and the intent.
for my $setting ('auto', 'plain')
{
	for my $case (
		[ 'out_of_stock', 0, 3, 'follow', 'active' ],
		[ 'active', 0, 3, 'follow', 'active' ],
		[ 'active', 0, 0, 'follow', 'active' ],
		[ 'out_of_stock', 3, 4, 'follow', 'out_of_stock' ],
		[ 'inactive', 3, 0, 'follow', 'inactive' ],
		[ 'inactive', 3, 0, 'restore', 'inactive' ],
		[ 'discontinued', 3, 0, 'follow', 'discontinued' ],
		[ 'discontinued', 3, 0, 'restore', 'out_of_stock' ],
		[ 'discontinued', 0, 3, 'restore', 'active' ],
		[ 'discontinued', 0, 0, 'restore', 'out_of_stock' ],
		[ 'discontinued', 3, 3, 'discontinue', 'discontinued' ],
		[ 'inactive', 3, 3, 'discontinue', 'discontinued' ])
	{
		my ($status, $old, $new, $intent, $wanted) = @$case;
		my ($sku) = new_products(1);

		$node->safe_psql('shop', "UPDATE onboard.products SET stock_quantity = $old WHERE sku = '$sku'");
		$node->safe_psql('shop', "UPDATE onboard.products SET status = '$status' WHERE sku = '$sku'");
		$node->safe_psql('shop', "SET onboard.load_path = $setting; "
			. change_sql([$sku], [qq({"stock_quantity": "$new"})], intent => $intent));
		is(product($sku, 'status'), $wanted, "$setting: $status with a stock of $old, $intent to $new");
	}
}

# ----- index entries -----

# Change a new product, or several; returns what was counted.
sub counted
{
	my ($rows, %option) = @_;
	my @skus = new_products(scalar @$rows);
	my @lines = split /\n/, $node->safe_psql('shop', ($option{before} // '') . change_sql(\@skus, $rows, %option)
		. '; SELECT counted()');

	return "$lines[-2] $lines[-1]";
}

# Compare each index with the heap: the same rows are found through it.
sub indexes_agree
{
	my ($what) = @_;

  SKIP:
	{
		skip 'amcheck is not installed', 1
		  if $node->safe_psql('shop', "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") == 0;
		is($node->safe_psql('shop', <<'SQL'), '', "$what: heap and indexes agree");
CREATE EXTENSION IF NOT EXISTS amcheck;
DO $$
DECLARE
	index regclass;
BEGIN
	FOR index IN SELECT c.oid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
			WHERE i.indrelid = 'onboard.products'::regclass AND a.amname = 'btree' LOOP
		PERFORM bt_index_check(index, heapallindexed => true);
	END LOOP;
END $$;
SQL
	}
	return;
}

is(counted([ '{"price": "1"}', '{"stock_quantity": "0"}' ]), '{"updated price","updated stock_quantity status"} '
	. 'changes_direct 2 changes_hot 2', 'a column without an index: no new entries');
is(counted(['{"category": "Garden"}']), '{"updated category"} changes_direct 1', 'a column with an index');
is(counted(['{"sku": "R1"}']), '{"updated sku"} changes_direct 1', 'a key');
$node->safe_psql('shop', <<'SQL');
CREATE INDEX cheap ON onboard.products (price) WHERE price < 10;
CREATE INDEX names ON onboard.products (lower(product_name));
CREATE INDEX ranges ON onboard.products USING brin (stock_quantity);
SQL
is(counted(['{"brand": "B"}']), '{"updated brand"} changes_direct 1 changes_hot 1', 'other columns than those of new indexes');
is(counted([ '{"price": "3"}', '{"product_name": "Other"}' ]), '{"updated price","updated product_name"} changes_direct 2',
	'columns of a partial index and of an expression');
is($node->safe_psql('shop', 'SET enable_seqscan = off; SET enable_bitmapscan = off;
	SELECT count(*) FROM onboard.products WHERE price < 10 AND price > 2;
	SELECT count(*) FROM onboard.products WHERE lower(product_name) = $$other$$'), "1\n1", 'are found through the indexes');
indexes_agree('user-defined indexes');
$node->safe_psql('shop', 'DROP INDEX onboard.cheap, onboard.names, onboard.ranges');

# ----- keys -----

for my $setting ('auto', 'plain')
{
	my @skus = new_products(3);
	my $set = "SET onboard.load_path = $setting; ";

	is($node->safe_psql('shop', $set . change_sql([ @skus[ 0, 0, 1 ] ], [ qq({"sku": "$skus[1]", "price": "9"}),
		'{"price": "8"}', qq({"vendor_product_id": "P$skus[2]"}) ])), '{conflict,"updated price",conflict}',
		"$setting: keys of other products");
	is($node->safe_psql('shop', "SELECT string_agg(price || vendor_product_id, ' ' ORDER BY product_id)
		FROM onboard.products WHERE sku IN ('$skus[0]', '$skus[1]', '$skus[2]')"),
		"8.00P$skus[0] 50.00P$skus[1] 50.00P$skus[2]", 'nothing of such a row is written');
	is($node->safe_psql('shop', $set . change_sql([ $skus[0], $skus[1], "T$setting" ], [ qq({"sku": "T$setting"}),
		qq({"sku": "$skus[0]"}), qq({"sku": "$skus[1]"}) ])), '{"updated sku","updated sku","updated sku"}',
		'a key that an earlier row gave up is free');
	is(product($skus[1], 'vendor_product_id'), "P$skus[0]", 'the products have exchanged their SKUs');
	is($node->safe_psql('shop', $set . change_sql(["P$skus[2]"], ['{"price": "5"}'], key => 'vendor_product_id')),
		'{"updated price"}', 'found by the product ID');
	is($node->safe_psql('shop', $set . change_sql([$skus[2]], ['{"price": "5"}'], vendor => 'V2')),
		qq({"another vendor's"}), 'found by its SKU for another vendor');
	is($node->safe_psql('shop', $set . change_sql(["P$skus[2]"], ['{"price": "5"}'], vendor => 'V2',
		key => 'vendor_product_id')), '{"not found"}', 'but not by the product ID');
	is($node->safe_psql('shop', "BEGIN; $set " . change_sql([ $skus[2], $skus[2] ], [ '{"price": "6"}', '{"price": "7"}' ])
		. '; ' . change_sql([$skus[2]], ['{"price": "8"}']) . '; COMMIT'),
		qq({"updated price","updated price"}\n{"updated price"}),
		'again in the same statement, and in the same transaction');
	is($node->safe_psql('shop', "BEGIN; UPDATE onboard.products SET price = 20 WHERE sku = '$skus[2]'; $set "
		. change_sql([$skus[2]], ['{"price": "20", "brand": "N"}']) . '; COMMIT'), '{"updated brand"}',
		"after the transaction's own UPDATE");
}
indexes_agree('keys');

# ----- other transactions -----


# A psql session that the test talks to.
sub session
{
	my %session = (in => '', out => '', err => '');

	$session{handle} = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('shop') ], '<', \$session{in}, '>',
		\$session{out}, '2>', \$session{err}, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%session;
}

# Send SQL without waiting for the result.
sub begin_sql
{
	my ($session, $sql) = @_;

	$session->{out} = '';
	$session->{err} = '';
	$session->{in} .= "$sql;\n\\! echo done\n"; # not \\echo, which psql would buffer
	$session->{handle}->pump while length $session->{in};
	return;
}

# Wait for the result.
sub end_sql
{
	my ($session) = @_;

	$session->{handle}->pump until $session->{out} =~ s/done\n$//;
	chomp $session->{out};
	return $session->{out};
}

sub run_sql
{
	my ($session, $sql) = @_;

	begin_sql($session, $sql);
	return end_sql($session);
}

sub wait_for_waiting
{
	my ($count) = @_;

	$node->poll_query_until('shop', "SELECT count(*) = $count FROM pg_stat_activity
		WHERE datname = 'shop' AND wait_event_type = 'Lock'") or die 'no session waits';
	return;
}

# One session finds the product and computes the change; then another one runs a statement, and
# commits or rolls back once the first one waits for it.
sub race
{
	my ($setting, $statement, $end, %option) = @_;
	my ($sku) = new_products(1);
	my ($first, $second) = (session(), session());
	my $result;

	$statement =~ s/SKU/'$sku'/g;
	run_sql($second, 'SELECT pg_advisory_lock(1)');
	begin_sql($first, "SET onboard.load_path = $setting; SET onboard.lock_wait = '"
		. ($option{lock_wait} // '1h') . "'; " . change_sql([$sku], ['{"price": "59"}'], pause => 1));
	wait_for_waiting(1);
	run_sql($second, "BEGIN; $statement");
	run_sql($second, 'SELECT pg_advisory_unlock(1)');
	if ($option{lock_wait})
	{
		$result = end_sql($first) . $first->{err};
		run_sql($second, $end);
	}
	else
	{
		wait_for_waiting(1);
		run_sql($second, $end);
		$result = end_sql($first);
	}
	for my $session ($first, $second)
	{
		$session->{in} .= "\\q\n";
		$session->{handle}->finish;
	}
	return "$result " . product($sku, 'price');
}

for my $setting ('auto', 'plain')
{
	my $update = 'UPDATE onboard.products SET price = 57 WHERE sku = SKU';
	my $lock = 'SELECT FROM onboard.products WHERE sku = SKU FOR UPDATE';

	is(race($setting, $update, 'COMMIT'), '{conflict} 57.00', "$setting: another transaction changed the product");
	is(race($setting, $update, 'ROLLBACK'), '{"updated price"} 59.00', 'or did not, because it rolled back');
	is(race($setting, 'DELETE FROM onboard.products WHERE sku = SKU', 'COMMIT'), '{conflict} ', 'or deleted it');
	is(race($setting, $lock, 'COMMIT'), '{"updated price"} 59.00', 'or only locked it');
	like(race($setting, $update, 'COMMIT', lock_wait => '10ms'), qr/lock timeout.* 57\.00/s, 'it does not wait forever');

	my ($sku) = new_products(1);
	my $first = session();

	run_sql($first, "SET onboard.load_path = $setting; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
	$node->safe_psql('shop', "UPDATE onboard.products SET brand = 'B' WHERE sku = '$sku'");
	run_sql($first, change_sql([$sku], ['{"price": "9"}']));
	like($first->{err}, qr/could not serialize access due to concurrent update/,
		'a snapshot that does not see the version found is an error');
	is(product($sku, 'price, brand'), '50.00|B', 'and nothing is lost');
	$first->{in} .= "\\q\n";
	$first->{handle}->finish;
}

# ----- what users add to the table -----

my $direct = 'changes_direct 1 changes_hot 1';

# A change of the table, a row, the result of the row, and how to revert the change. {then} is
# selected from the product.
sub is_heeded
{
	my ($what, $change, $row, $wanted, $back, %option) = @_;

	$node->safe_psql('shop', 'DELETE FROM onboard.products');

	my ($sku) = new_products(1);
	my $plain = $wanted =~ /^(?:refused|plain)/ ? 1 : 0;

	$node->safe_psql('shop', $change);

	my $version = product($sku, 'ctid');

	is($node->safe_psql('shop', "SELECT count(*) FROM onboard_diagnose() WHERE subject = 'table onboard.products'
		AND message ~ 'SQL statements|INSERT statements'"), $plain, "$what: reported by onboard_diagnose()");
	my @lines = split /\n/, $node->safe_psql('shop', "SELECT counted(); " . change_sql([$sku], [$row]) . '; SELECT counted()');
	my ($result, $counted) = @lines[ -2, -1 ];

	if ($wanted =~ s/^refused //)
	{
		like($result, qr/^\{"the catalogue refused the row.*$wanted/, 'the row is refused');
		is($counted, 'none', 'and is not counted');
		is(product($sku, 'ctid'), $version, 'nothing is written');
	}
	else
	{
		like($result, qr/^\{"updated/, 'the product is changed');
		is($counted, $plain ? 'changes_plain 1' : $wanted, $plain ? 'by a statement' : 'directly');
	}
	is(product($sku, $option{columns}), $option{value}, 'the product') if $option{columns};
	$node->safe_psql('shop', $back);
	return;
}

$node->safe_psql('shop', <<'SQL');
CREATE FUNCTION set_brand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.brand := 'Trigger'; RETURN NEW; END $$;
CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not for sale'; END $$;
CREATE TABLE orders (product_id bigint, sku text COLLATE "C");
GRANT SELECT, UPDATE ON orders TO shopkeeper;
ALTER TABLE orders OWNER TO shopkeeper;
SQL

my $price = '{"price": "5"}';
my $drop = 'DROP TRIGGER t ON onboard.products';

is_heeded('a trigger that changes the row', 'CREATE TRIGGER t BEFORE UPDATE ON onboard.products FOR EACH ROW
	EXECUTE FUNCTION set_brand()', $price, 'plain', $drop, columns => 'brand', value => 'Trigger');
is_heeded('a trigger for another column', 'CREATE TRIGGER t BEFORE UPDATE OF brand ON onboard.products FOR EACH ROW
	EXECUTE FUNCTION set_brand()', $price, 'plain', $drop, columns => 'brand', value => 'Acme');
is_heeded('a trigger that drops the row', 'CREATE TRIGGER t BEFORE UPDATE ON onboard.products FOR EACH ROW
	EXECUTE FUNCTION drop_row()', $price, 'refused a trigger or policy dropped it', $drop);
is_heeded('a trigger that raises an error', 'CREATE TRIGGER t AFTER UPDATE ON onboard.products FOR EACH STATEMENT
	EXECUTE FUNCTION refuse()', $price, 'refused not for sale', $drop);
is_heeded('a trigger that is disabled', 'CREATE TRIGGER t AFTER UPDATE ON onboard.products FOR EACH ROW
	EXECUTE FUNCTION refuse(); ALTER TABLE onboard.products DISABLE TRIGGER t', $price, $direct, $drop);
is_heeded('a trigger on INSERT', 'CREATE TRIGGER t BEFORE INSERT ON onboard.products FOR EACH ROW
	EXECUTE FUNCTION refuse()', $price, 'plain', $drop);
is_heeded('a trigger on DELETE', 'CREATE TRIGGER t BEFORE DELETE ON onboard.products FOR EACH ROW
	EXECUTE FUNCTION refuse()', $price, $direct, $drop);
is_heeded('updated_at without its trigger', 'ALTER TABLE onboard.products DISABLE TRIGGER products_touch', $price, 'plain',
	'ALTER TABLE onboard.products ENABLE TRIGGER products_touch', columns => 'updated_at = created_at', value => 't');
is_heeded('a status without its trigger', 'ALTER TABLE onboard.products DISABLE TRIGGER products_stock_status',
	'{"stock_quantity": "0"}', 'plain', 'ALTER TABLE onboard.products ENABLE TRIGGER products_stock_status',
	columns => 'status', value => 'active');
is_heeded('another trigger under the name of a shipped one', 'DROP TRIGGER products_touch ON onboard.products;
	CREATE TRIGGER products_touch BEFORE UPDATE ON onboard.products FOR EACH ROW EXECUTE FUNCTION set_brand()', $price,
	'plain', 'DROP TRIGGER products_touch ON onboard.products; CREATE TRIGGER touch BEFORE UPDATE ON onboard.products
	FOR EACH ROW EXECUTE FUNCTION onboard.touch_updated_at()', columns => 'brand', value => 'Trigger');
is_heeded('a shipped trigger under another name', 'SELECT 1', $price, $direct,
	'ALTER TRIGGER touch ON onboard.products RENAME TO products_touch');

my $function = $node->safe_psql('shop', "SELECT pg_get_functiondef('onboard.touch_updated_at()'::regprocedure)");

is_heeded('a replaced function of a shipped trigger', 'CREATE OR REPLACE FUNCTION onboard.touch_updated_at() RETURNS trigger
	LANGUAGE plpgsql AS $$ BEGIN NEW.brand := 1; RETURN NEW; END $$', $price, 'plain', $function, columns => 'brand',
	value => '1');

my $policy = 'CREATE POLICY p ON onboard.products';
my $no_policy = 'DROP POLICY p ON onboard.products';

is_heeded('a policy that hides the product', "$policy AS RESTRICTIVE FOR UPDATE USING (price < 10)", $price,
	'refused a trigger or policy dropped it', $no_policy);
is_heeded('a policy that refuses the version', "$policy AS RESTRICTIVE FOR UPDATE USING (true) WITH CHECK (price > 10)",
	$price, 'refused violates row-level security policy \\\\"p\\\\" for table', $no_policy);
is_heeded('a policy that accepts it', "$policy AS RESTRICTIVE FOR UPDATE USING (price > 10) WITH CHECK (price < 10)",
	$price, 'plain', $no_policy);
is_heeded('a policy that shows fewer products', "$policy AS RESTRICTIVE FOR SELECT USING (price < 10)", $price,
	'refused a trigger or policy dropped it', $no_policy);
is_heeded('a policy that shows more products', "$policy FOR SELECT USING (status = 'active')", $price, $direct, $no_policy);
is_heeded('another USING', "ALTER POLICY tenant ON onboard.products USING (price < 10)", $price,
	'refused a trigger or policy dropped it', 'ALTER POLICY tenant ON onboard.products USING ((SELECT onboard.is_operator())
	OR vendor_id = ANY (SELECT r.vendor_id FROM onboard.vendor_roles r WHERE r.role_name = CURRENT_USER))');

my $orders = 'ALTER TABLE orders ADD CONSTRAINT o FOREIGN KEY';
my $no_orders = 'DELETE FROM orders; ALTER TABLE orders DROP CONSTRAINT o';

is_heeded('a foreign key to the ID', "$orders (product_id) REFERENCES onboard.products; INSERT INTO orders
	SELECT product_id FROM onboard.products", $price, $direct, $no_orders);
is_heeded('a foreign key to the ID, and another SKU', "$orders (product_id) REFERENCES onboard.products; INSERT INTO orders
	SELECT product_id FROM onboard.products", '{"sku": "FK1"}', 'changes_direct 1', $no_orders);
is_heeded('a foreign key to the SKU', "$orders (sku) REFERENCES onboard.products (sku); INSERT INTO orders (sku)
	SELECT sku FROM onboard.products", $price, $direct, $no_orders);
{
	my @skus = new_products(2);

	$node->safe_psql('shop', "$orders (sku) REFERENCES onboard.products (sku); INSERT INTO orders (sku) VALUES ('$skus[0]')");
	is($node->safe_psql('shop', change_sql(\@skus, [ '{"sku": "FK2"}', '{"sku": "FK3"}' ]) . '; SELECT counted()'),
		'{"the catalogue refused the row by constraint \"o\": update or delete on table \"products\" violates foreign '
		. 'key constraint \"o\" on table \"orders\"","updated sku"}' . "\nchanges_plain 1",
		'a SKU that changes is checked: one is referenced');
	$node->safe_psql('shop', "$no_orders; $orders (sku) REFERENCES onboard.products (sku) ON UPDATE CASCADE;
		INSERT INTO orders (sku) VALUES ('$skus[0]')");
	is($node->safe_psql('shop', change_sql([ $skus[0] ], ['{"sku": "FK4"}']) . '; SELECT sku FROM orders'),
		qq({"updated sku"}\nFK4), 'or its references follow');
	$node->safe_psql('shop', $no_orders);
}

my $check = 'ALTER TABLE onboard.products ADD CONSTRAINT c CHECK';
my $no_check = 'ALTER TABLE onboard.products DROP CONSTRAINT c';

is_heeded('a CHECK', "$check (brand IS NOT NULL)", '{"brand": ""}', 'refused by constraint \\\\"c\\\\"', $no_check);
is_heeded('a shipped CHECK that is not validated', 'ALTER TABLE onboard.products DROP CONSTRAINT products_price_check;
	UPDATE onboard.products SET price = 0, compare_at_price = NULL; ALTER TABLE onboard.products ADD CONSTRAINT
	products_price_check CHECK (price >= 0.01 AND price <= 999999.99) NOT VALID', '{"brand": "B"}',
	'refused by constraint \\\\"products_price_check\\\\"', 'DELETE FROM onboard.products WHERE price = 0;
	ALTER TABLE onboard.products VALIDATE CONSTRAINT products_price_check');
is_heeded('a generated column', 'ALTER TABLE onboard.products ADD g numeric GENERATED ALWAYS AS (price * 2) STORED', $price,
	'plain', 'ALTER TABLE onboard.products DROP g', columns => 'g', value => '10.00');
is_heeded('an added column', 'ALTER TABLE onboard.products ADD note text; UPDATE onboard.products SET note = sku,
	updated_at = created_at', $price, $direct, 'ALTER TABLE onboard.products DROP note', columns => 'note = sku', value => 't');
is_heeded('an index that can refuse a product', 'CREATE INDEX i ON onboard.products ((100 / stock_quantity))
	WHERE stock_quantity <> 3', '{"stock_quantity": "0"}', 'refused division by zero', 'DROP INDEX onboard.i');
# The view belongs to the extension, and depends on the columns.
is_heeded('columns that were dropped and added again', 'ALTER EXTENSION onboard DROP VIEW onboard.product_catalog;
	ALTER TABLE onboard.products DROP brand CASCADE, DROP weight_kg CASCADE, ADD weight_kg double precision, ADD brand text',
	'{"brand": "B", "weight_kg": "1.50", "price": "50"}', 'plain', 'SELECT 1', columns => 'brand, weight_kg, price',
	value => 'B|1.5|50.00');
{
	my ($sku) = new_products(1);

	is($node->safe_psql('shop', change_sql([$sku], [ '{"brand": "Acme", "product_name": "Name", "price": "50", '
		. '"stock_quantity": "5", "weight_kg": "1.50", "colour": "red", "vendor_product_id": "P' . $sku . '"}' ])),
		'{unchanged}', 'the values are those of the columns of these names, whatever their types');
}

# ----- logical decoding -----

# A subscriber in another database of the same server gets every committed version, and no other.
$node->append_conf('postgresql.conf', "wal_level = logical\nmax_wal_senders = 4");
$node->restart;
add_database($node, 'copy', 'V1');
add_test_database('origin', 'V1');
$node->safe_psql('origin', $functions);
$node->safe_psql('origin', 'CREATE PUBLICATION p FOR TABLE onboard.products');
$node->safe_psql('copy', 'ALTER TABLE onboard.products DISABLE TRIGGER ALL');
$node->safe_psql('origin', "SELECT pg_create_logical_replication_slot('s', 'pgoutput')");
(my $connection = $node->connstr('origin')) =~ s/'/''/g;
$node->safe_psql('copy', "CREATE SUBSCRIPTION s CONNECTION '$connection'
	PUBLICATION p WITH (create_slot = false, slot_name = 's', copy_data = false)");
$database = 'origin';
{
	my @skus = new_products(4);
	my $sums = "SELECT count(*), md5(string_agg(p::text, '|' ORDER BY product_id)) FROM onboard.products p";

	is($node->safe_psql('origin', change_sql([ @skus[ 0 .. 3 ] ], [ '{"price": "9"}', qq({"sku": "$skus[0]"}),
		'{"sku": "L1"}', '{"category": "Garden", "stock_quantity": "0"}' ]) . '; SELECT counted()'),
		'{"updated price",conflict,"updated sku","updated category stock_quantity status"}' . "\n"
		. 'changes_direct 3 changes_hot 1', 'a decoded table is changed directly');
	$node->wait_for_catchup('s');
	is($node->safe_psql('copy', $sums), $node->safe_psql('origin', $sums), 'the subscriber has the same products');
	$node->safe_psql('origin', 'ALTER TABLE onboard.products REPLICA IDENTITY NOTHING');

	my (undef, undef, $error) = $node->psql('origin', change_sql([ $skus[0] ], ['{"price": "8"}']));

	like($error, qr/cannot update table "products" because it does not have a replica identity/,
		'a change that cannot be published is an error');
}

$node->stop;
done_testing();
