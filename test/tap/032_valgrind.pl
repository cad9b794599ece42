# Run the server under valgrind: both doors, every error type, every path, and every way
# in which a statement ends early. There must be no memory error in our library.
#
# PostgreSQL is built without valgrind support, so a read past a chunk into the next chunk
# of the same block is not detected; reads of uninitialised memory and past a block are.

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;
use Patience;

my $probe = `valgrind --version 2>&1` // '';
plan skip_all => 'valgrind is not installed' unless $probe =~ /^valgrind-/;

my $node = new_server('valgrind', <<'CONF');
shared_buffers = 16MB
autovacuum = off
jit = off
max_worker_processes = 0
deadlock_timeout = 100ms
authentication_timeout = 10min
CONF
my $directory = PostgreSQL::Test::Utils::tempdir();

add_database($node, 'checked', 'V1', 'V2');
$node->safe_psql('checked', <<'SQL');
-- Return a row by its number. Most rows are good; each bad one breaks a different rule.
CREATE FUNCTION product(n int, prefix text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('sku', prefix || n, 'vendor_product_id', prefix || n, 'product_name', 'Näme ' || n,
		'category', 'Books', 'price', '1.50', 'stock_quantity', '3', 'Colour', repeat('r', n)) ||
	CASE n % 40 WHEN 1 THEN '{"product_name": " "}' WHEN 2 THEN '{"price": "$1,299.00"}'
		WHEN 3 THEN '{"stock_quantity": "many"}'
		WHEN 4 THEN jsonb_build_object('product_name', repeat('ü', 201), 'unit', repeat('u', 21))
		WHEN 5 THEN '{"category": "Kitchn"}' WHEN 6 THEN jsonb_build_object('sku', prefix || n - 6)
		WHEN 7 THEN jsonb_build_object('vendor_product_id', prefix || n - 7) WHEN 8 THEN '{"compare_at_price": "1"}'
		WHEN 9 THEN '{"weight_kg": "0"}' WHEN 10 THEN '{"image_url": "ftp://x"}'
			WHEN 11 THEN '{"description": "\ufffd"}'
		WHEN 12 THEN '{"brand": "Refused"}' WHEN 13 THEN jsonb_build_object('sku', prefix || n - 25)
		WHEN 16 THEN '{"Size": 1e70000}' WHEN 17 THEN '{"Colour": {"a": [1e131071]}}'
			WHEN 18 THEN jsonb_build_object('Colour', repeat('r', 65537))
		WHEN 19 THEN '{"Size": 1e300, "": 12.50, "Nothing": null}' ELSE '{}' END $$;
-- The cells of some rows, as if a map had changed them
CREATE FUNCTION cells(n int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('price', n || ' €', 'sku', 'sku ' || n, 'Tags', repeat('t', n)) || CASE n % 40
		WHEN 21 THEN jsonb_build_object('Tags', repeat('t', 65537)) WHEN 24 THEN '{"Tags": "\ufffd"}' ELSE '{}' END $$;
SELECT onboard_set_map('V1', 'shop', 'category = "Type" | values(types) | category_path' || chr(10)
	|| 'price = "Price" | exchange(EUR, USD)'), onboard_set_map_values('V1', 'types', '{"tea": "Books"}'),
	onboard_set_exchange_rate('EUR', 'USD', 1.08);
CREATE FUNCTION records(first int, last int, prefix text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(CASE WHEN n % 40 = 14 THEN jsonb_build_object('row_number', n, 'line_number', n + 1, 'defect',
		'{"error_type": "MALFORMED_ROW", "message": "3 fields", "raw": "a,b"}'::jsonb)
		ELSE jsonb_build_object('row_number', n, 'line_number', n + 1, 'product', product(n, prefix)) ||
			CASE WHEN n % 3 = 0 THEN jsonb_build_object('source_cells', cells(n)) ELSE '{}' END END)
			FROM generate_series(first, last) n $$;
CREATE VIEW generated AS SELECT n, p.* FROM generate_series(1, 200) n,
	jsonb_to_record(product(n, 'C')) AS p (sku text, vendor_product_id text, product_name text,
	category text, price text, stock_quantity text, unit text, brand text, compare_at_price text, weight_kg text,
		image_url text, description text);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN IF NEW.brand = 'Refused' THEN RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END IF; RETURN NEW;
		END $$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO loader;
GRANT SELECT ON generated TO loader;
GRANT TEMPORARY ON DATABASE checked TO loader;
SQL
# Return rows in the format of COPY.
write_file("$directory/rows.txt", $node->safe_psql('checked', <<'SQL') . "\n");
COPY (SELECT n, n + 1, sku, vendor_product_id, product_name, category, price, stock_quantity, unit, brand,
	compare_at_price, weight_kg, image_url, description,
	CASE WHEN n % 40 = 14 THEN 'MALFORMED_ROW' END FROM generated) TO STDOUT
SQL
$node->stop;

# ----- a server under valgrind -----

my $server;

sub start_checked
{
	my ($wal_level) = @_;
	$node->append_conf('postgresql.conf', "wal_level = $wal_level");
	local $ENV{PGAPPNAME};
	$server = IPC::Run::start(
		[ 'valgrind', '--quiet', '--leak-check=no', '--trace-children=yes', '--xml=yes',
			"--xml-file=$directory/$wal_level.%p.xml",
			'--suppressions=' . source_root() . '/test/valgrind.supp', 'postgres', '-D', $node->data_dir ],
		'<', '/dev/null', '>', "$directory/server.log", '2>&1');
	# psql may exit before it reads its input, which raises an exception.
	wait_until(sub { eval { ($node->psql('checked', 'SELECT 1'))[0] == 0 } },
		"the server starts; see $directory/server.log");
	return;
}

sub stop_checked
{
	kill INT => (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	$server->finish;
	undef $server;
	return;
}

END
{
	my $result = $?;

	stop_checked() if $server;
	$? = $result;
}

# ----- the workload -----

# Run statements as the loader; return output and errors.
sub run_statements
{
	my ($statements) = @_;
	my ($code, $out, $err) = $node->psql('checked', $statements, on_error_stop => 0,
		extra_params => [ '--username' => 'loader' ]);

	is($code, 0, 'the session survives') or diag $err;
	return ($out, $err);
}

# Run two sessions, each waiting for a lock held by the other.
sub deadlock
{
	my ($prefix) = @_;
	my @sessions = map { $node->background_psql('checked', on_error_stop => 0,
		extra_params => [ '--username' => 'loader' ]) } 1, 2;
	my $load = sub {
		my ($upload, $row, $sku) = @_;
		return "SELECT status FROM onboard_ingest((SELECT upload_id FROM onboard.upload_history
			WHERE content_id = '$prefix$upload'),"
		  . " jsonb_build_array(jsonb_build_object('row_number', $row, 'product', product(15, '$prefix$sku'))));";
	};
	my @out;

	for my $number (1, 2)
	{
		$sessions[ $number - 1 ]->query("SELECT onboard_begin_upload('V$number', 'f', content_id => '$prefix$number');
			BEGIN; " . $load->($number, 1, "K$number"));
	}
	# The first waits for the second; then the second closes the cycle.
	$sessions[0]->query_until(qr/waiting/, "\\echo waiting\n" . $load->(1, 2, 'K2') . "\n\\echo done\n");
	$node->poll_query_until('checked', "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
	push @out, $sessions[1]->query($load->(2, 2, 'K1'));
	$sessions[1]->query('ROLLBACK');
	$sessions[0]->query('ROLLBACK');
	my $err = join '', map { $_->{stderr} } @sessions;
	$_->quit for @sessions;
	return $err;
}

sub exercise
{
	my ($prefix, @paths) = @_;
	my ($out, $err);

	# The bulk door, with windows smaller than the distance between some duplicates.
	($out, $err) = run_statements(<<SQL);
SET onboard.window_rows = 20;
SELECT onboard_begin_upload('V1', 'c.csv', content_id => '${prefix}copy', total_records => 200,
	metadata => '{"header": ["Code", "Price", "Colour"], "keys": ["sku", "price", "Colour"], "converted": ["price"]}',
	map_name => 'shop', map_hash => onboard_map('V1', 'shop') ->> 'hash') AS copied \\gset
CREATE TEMPORARY TABLE staged (n int, line int, sku text, vid text, name text, category text, price text, stock text,
	unit text, brand text, compare text, weight text, image text, description text, defect text);
\\copy staged FROM '$directory/rows.txt'
INSERT INTO onboard.intake (upload_id, row_number, line_number, sku, vendor_product_id, product_name, category, price,
	stock_quantity, unit, brand, compare_at_price, weight_kg, image_url, description, defect_type, attributes, source_cells)
	SELECT :'copied', n, line, '$prefix' || sku, '$prefix' || vid, name, category, price, stock, unit, brand, compare,
		weight, image, description, defect, '{"a": "b"}', CASE WHEN n % 3 = 0 THEN cells(n) END FROM staged WHERE n <= 150;
\\copy (SELECT (SELECT upload_id FROM onboard.upload_history WHERE content_id = '${prefix}copy'), n, line, '$prefix' || sku, vid, name, category, price, stock, unit, brand, compare, weight, image, description, defect FROM staged) TO '$directory/copy.txt'
\\copy onboard.intake (upload_id, row_number, line_number, sku, vendor_product_id, product_name, category, price, stock_quantity, unit, brand, compare_at_price, weight_kg, image_url, description, defect_type) FROM '$directory/copy.txt'
SELECT status, valid_records + error_records FROM onboard.upload_history WHERE upload_id = :'copied';
SELECT count(*) > 50 FROM onboard_error_csv(:'copied');
SELECT count(*) > 50 FROM onboard_fix_csv(:'copied');
SELECT onboard_error_csv(:'copied') LIMIT 1;
SELECT count(*) > 5 FROM onboard_error_summary(:'copied');
SELECT subject IS NOT NULL FROM onboard_notification(:'copied');
SELECT removed > 100 FROM onboard_undo_upload(:'copied');
SQL
	is($err, '', "$prefix: no error through the bulk door");
	like($out, qr/^partial\|200\nt\nt\n.+\nt\nt\nt\z/s, "$prefix: bulk door");

	# The JSON door on every path, a replay, and a dry run of the same rows.
	($out, $err) = run_statements(join '', "SET onboard.window_rows = 20;\n", map { <<SQL } @paths);
SET onboard.load_path = $_;
SELECT onboard_begin_upload('V2', 'i.csv', content_id => '$prefix$_') AS upload \\gset
SELECT count(*) FROM onboard_check('V2', records(1, 100, '$prefix$_'));
SELECT count(*) FROM onboard_ingest(:'upload', records(1, 100, '$prefix$_'));
SELECT count(*) FROM onboard_ingest(:'upload', records(51, 120, '$prefix$_'));
SELECT status FROM onboard_finish_upload(:'upload', 120);
SELECT count(*) > 0 FROM generate_series(1, 45) n, onboard_validate('V2', product(n, '$prefix$_'));
SELECT count(*) FROM onboard_judged_ranges(:'upload');
SELECT count(*) > 5 FROM onboard_statistics();
SQL
	is($err, '', "$prefix: no error through the JSON door");
	is($out, join("\n", ("100\n100\n70\npartial\nt\n1\nt") x @paths), "$prefix: records on paths @paths");

	# A statement that fails or is cancelled within a window.
	($out, $err) = run_statements(<<SQL);
SET onboard.window_rows = 50;
SELECT onboard_begin_upload('V1', 'a.csv', content_id => '${prefix}abort') AS upload \\gset
INSERT INTO onboard.intake (upload_id, row_number, sku, vendor_product_id, product_name, category, price,
	stock_quantity)
	SELECT :'upload', n, '${prefix}X' || sku, sku, product_name, category, price, (1 / (n - 130))::text FROM generated;
BEGIN;
SAVEPOINT a;
SELECT count(*) FROM onboard_ingest(:'upload', records(1, 30, '${prefix}Y') || '[{"row_number": 0}]');
ROLLBACK TO a;
SELECT count(*) FROM onboard_ingest(:'upload', records(1, 30, '${prefix}Y'));
COMMIT;
INSERT INTO onboard.intake (upload_id, row_number, sku, vendor_product_id, product_name, category, price,
	stock_quantity)
	SELECT :'upload', n + 30, '${prefix}Z' || sku, sku, product_name, category, price,
		stock_quantity || CASE WHEN n = 75 THEN pg_cancel_backend(pg_backend_pid())::text ELSE '' END FROM generated;
SELECT onboard_validate('V1', '[]');
SELECT * FROM onboard_ingest(:'upload', '{}');
SELECT onboard_error_csv('none');
SELECT * FROM onboard.intake;
SELECT status FROM onboard_reject_upload(:'upload', 'NOT_TEXT', 'x');
SELECT library IS NOT NULL FROM onboard_version();
SQL
	like($err, qr/division by zero.*row_number 0.*due to user request.*is not|cannot/s, "$prefix: failures are reported");
	like($out, qr/^30\n.*failed\nt$/s, "$prefix: and the session survives");
	like(deadlock($prefix), qr/deadlock detected/, "$prefix: a deadlock is detected");

	# Rows refused by the catalogue; the life cycle of events.
	$node->safe_psql('checked', <<SQL);
CREATE TRIGGER refuse BEFORE INSERT ON onboard.products FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT onboard_begin_upload('V1', 'r.csv', content_id => '${prefix}refused', total_records => 60);
SELECT count(*) FROM onboard_ingest((SELECT upload_id FROM onboard.upload_history
	WHERE content_id = '${prefix}refused'), records(1, 60, '${prefix}R'));
DROP TRIGGER refuse ON onboard.products;
UPDATE onboard.products SET stock_quantity = 0 WHERE sku LIKE '${prefix}R%';
UPDATE onboard.products SET status = 'discontinued', brand = NULL, attributes = '{}' WHERE sku LIKE '${prefix}R%';
DELETE FROM onboard.products WHERE sku LIKE '${prefix}R1%';
SELECT count(onboard_product_as_of(product_id, changed_at)) FROM onboard.product_history;
SELECT onboard_prune_history('1 day');
SELECT count(onboard_ack_events(ARRAY[event_id], token)) FROM onboard_claim_events(100, '1 hour');
SELECT upload_id AS refused FROM onboard.upload_history WHERE content_id = '${prefix}refused' \\gset
SELECT onboard_claim_report(:'refused', '1 hour') AS token \\gset
SELECT onboard_claim_report(:'refused', '1 hour');
SELECT onboard_release_report(:'refused', :'token');
SELECT onboard_record_report(:'refused', 'e', 'f');
SELECT onboard_sweep_uploads('0');

-- A file that is read in parts, claimed again and failed.
SELECT onboard_begin_upload('V1', 's.csv', 'k', '${prefix}stalled', NULL, '{"bucket": "b"}', false) AS stalled \\gset
SELECT onboard_begin_upload('V1', 's.csv', 'k', '${prefix}stalled', NULL, '{"bucket": "b"}', false) = :'stalled';
SELECT parse_attempts FROM onboard_begin_parse(:'stalled');
BEGIN;
SELECT count(*) FROM onboard_ingest(:'stalled', records(1, 30, '${prefix}S'));
SELECT onboard_save_checkpoint(:'stalled', 3000, 30, 32, '{"columns": 6}');
SELECT count(*) FROM onboard_claim_events(100, '1 hour', :'stalled');
COMMIT;
SELECT status FROM onboard_describe_upload(:'stalled', 60, '{"delimiter": ";"}');
SELECT onboard_lock_sweeper();
SELECT * FROM onboard_claim_stalled('-1 hour', 1);
SELECT * FROM onboard_backlog();
SELECT onboard_sweep_uploads('-1 hour', 1);
SELECT onboard_begin_upload('V1', 's.csv', 'k', '${prefix}stalled', NULL, '{}', false) = :'stalled';
SELECT * FROM onboard_report_due(:'stalled');
SELECT onboard_upload_status(:'stalled');
SELECT body FROM onboard_notification(:'stalled', 'https://e', 'https://f', now());
SELECT * FROM onboard_undo_upload(:'stalled');
SQL
	return;
}

# With logical decoding, rows take a different path.
for my $wal_level (qw(replica logical))
{
	start_checked($wal_level);
	exercise($wal_level, $wal_level eq 'replica' ? qw(auto probe plain) : 'auto');
	is($node->safe_psql('checked', 'SELECT count(DISTINCT error_type) FROM onboard.validation_errors'), 13,
		"$wal_level: every error type occurred");
	stop_checked();
}

# ----- valgrind's findings -----

my ($processes, $ended, @ours, @others) = (0, 0);

for my $path (glob "$directory/*.xml")
{
	my $text = slurp_file($path);

	$processes++;
	while ($text =~ m{<error>(.*?)</error>}gs)
	{
		my $error = $1;
		my ($kind) = $error =~ m{<kind>(.*?)</kind>};
		my @frames = map { join ' ', /<fn>(.*?)</, /<file>(.*?)</, /<line>(.*?)</ } $error =~ m{<frame>(.*?)</frame>}gs;
		my $told = "$kind: " . join ' < ', @frames[ 0 .. ($#frames > 14 ? 14 : $#frames) ];

		# Memory that PostgreSQL keeps until the process ends is not a leak.
		if ($error =~ m{/onboard\.so<}) { push @ours, $told }
		elsif ($kind !~ /^Leak/) { push @others, $told }
	}
	$ended++ if $text =~ m{<state>FINISHED</state>};
}
note "in PostgreSQL itself: $_" for @others;
is_deeply(\@ours, [], 'valgrind finds nothing in our library');
cmp_ok($ended, '>=', 10, 'valgrind watched the backends until they exited');
done_testing();
