# A load that is cancelled at any point leaves nothing behind, and the same upload then loads in the same session.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

use constant ROWS => 4000;

my $node = new_server('cancel');
add_database($node, 'cancel', 'CAN-1');
$node->safe_psql('cancel', <<'SQL');
CREATE TABLE uploads (name text PRIMARY KEY, upload_id text);
GRANT ALL ON uploads TO loader;
CREATE SEQUENCE progress;
GRANT ALL ON SEQUENCE progress TO loader;
-- Every fifth row repeats the SKU of the previous one, every seventh is bad.
CREATE FUNCTION source(name text) RETURNS TABLE (upload_id text, row_number bigint, id text, sku text, price text)
	LANGUAGE plpgsql AS $$
DECLARE
	u text := (SELECT t.upload_id FROM uploads t WHERE t.name = source.name);
BEGIN
	FOR n IN 1 .. 4000 LOOP
		RETURN QUERY SELECT u, n::bigint, 'id' || n, format('%s-%s', name, CASE WHEN n % 5 = 0 THEN n - 1 ELSE n END),
			CASE WHEN n % 7 = 0 THEN 'bad' ELSE '1' END;
	END LOOP;
END $$;
-- Called once for each row that the executor fetches.
CREATE FUNCTION wait_at(n bigint, stop_at bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF n = stop_at THEN
		PERFORM setval('progress', n);
		PERFORM pg_sleep(86400);
	END IF;
	RETURN n;
END $$;
CREATE VIEW leftovers AS
	SELECT 'products' AS what, count(*) FROM onboard.products UNION ALL SELECT 'errors', count(*)
		FROM onboard.validation_errors
	UNION ALL SELECT 'ledger', count(*) FROM onboard.judged_rows UNION ALL SELECT 'events', count(*) FROM onboard.outbox
	UNION ALL SELECT 'counted', sum(valid_records + error_records)::bigint FROM onboard.upload_history
	UNION ALL SELECT 'locks', count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database
		WHERE datname = 'cancel') AND pid <> pg_backend_pid()
		AND (locktype <> 'relation' OR relation::regclass::text LIKE 'onboard.%') AND locktype <> 'virtualxid';
SQL

sub leftovers
{
	return $node->safe_psql('cancel', q(SELECT string_agg(what || ' ' || count, ', ') FROM leftovers WHERE count > 0));
}

sub load_statement
{
	my ($name, $stop_at) = @_;

	return <<"SQL";
INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity)
	SELECT upload_id, wait_at(row_number, $stop_at), id, 'Lamp', 'Books', sku, price, '1' FROM source('$name');
SQL
}

# The number of good rows, as counted by the test, not by the extension.
my %taken;
my $good = grep { $_ % 7 != 0 && !$taken{ $_ % 5 == 0 ? $_ - 1 : $_ }++ } 1 .. ROWS;
my $bad = ROWS - $good;

# Check the result of a load that is not disturbed.
sub check_loaded
{
	my ($name, $what) = @_;

	is($node->safe_psql('cancel', <<"SQL"), "partial|$good|$bad|$good|$bad|1-4000|1", "$what: the same upload loads afterwards");
SELECT status, valid_records, error_records,
	(SELECT count(*) FROM onboard.products p WHERE p.upload_id = h.upload_id),
		(SELECT count(DISTINCT row_number) FROM onboard.validation_errors e WHERE e.upload_id = h.upload_id),
	(SELECT string_agg(first_row || '-' || last_row, ' ') FROM onboard.judged_rows j WHERE j.upload_id = h.upload_id),
	(SELECT count(*) FROM onboard.outbox o WHERE o.upload_id = h.upload_id AND kind = 'upload_ended')
FROM onboard.upload_history h JOIN uploads USING (upload_id) WHERE name = '$name'
SQL
	$node->safe_psql('cancel', "DELETE FROM onboard.products; DELETE FROM onboard.outbox; DELETE FROM uploads;
		DELETE FROM onboard.upload_history");
	return;
}

# The client receives the error before the transaction is rolled back, so wait for the
# session to end before checking for leftovers.
sub wait_for_end
{
	my ($application) = @_;

	$node->poll_query_until('cancel', "SELECT count(*) = 0 FROM pg_stat_activity
		WHERE application_name = '$application'") or die 'the session does not end';
	return;
}

my $number = 0;

# Cancelled by another session, at a given row
foreach my $point ([ 1, 'auto', 50000 ], [ 2, 'auto', 1 ], [ 65, 'auto', 50000 ], [ 999, 'auto', 50000 ],
	[ 1000, 'auto', 1000 ], [ 1001, 'auto', 1000 ], [ 1002, 'auto', 100 ], [ 2001, 'auto', 500 ],
	[ 2500, 'probe', 300 ], [ 3000, 'plain', 50000 ], [ 3999, 'auto', 50000 ], [ 4000, 'auto', 7 ],
		[ 4000, 'plain', 7 ])
{
	my ($stop_at, $path, $window) = @$point;
	my $name = 'u' . ++$number;
	my $what = "cancelled at row $stop_at, path $path, window $window";
	my ($in, $out, $err) = ('', '', '');

	$node->safe_psql('cancel', "INSERT INTO uploads SELECT '$name',
		onboard_begin_upload('CAN-1', '$name', total_records => 4000); SELECT setval('progress', 5000)");
	my $psql = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('cancel') . ' user=loader' ], '<', \$in, '>',
		\$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$in .= "SET onboard.load_path = $path; SET onboard.window_rows = $window; SET application_name = 'cancelled';\n"
		. load_statement($name, $stop_at);
	$psql->pump while length $in;
	$node->poll_query_until('cancel', "SELECT last_value = $stop_at FROM progress") or die 'the load did not get there';
	# While the load runs it holds its locks, so the test below can fail.
	isnt(leftovers(), '', "$what: the load was in progress");
	$node->safe_psql('cancel', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'cancelled'");
	$in .= "\\echo :SQLSTATE\nSELECT 'still here';\n";
	$psql->pump until $out =~ /still here/;
	like($out, qr/57014/, "$what: the client gets an error");
	is(leftovers(), '', "$what: nothing is left");
	$in .= load_statement($name, 0) . "SELECT 'done';\n";
	$psql->pump until $out =~ /done/;
	$in .= "\\q\n";
	$psql->finish;
	check_loaded($name, $what);
}

# Cancelled by a timeout, at any point. A load that finishes before the timeout proves
# nothing, so shorter timeouts are tried until enough loads were cancelled.
my ($cancelled, $timeout) = (0, 64);
foreach my $attempt (1 .. 60)
{
	my $name = 'u' . ++$number;
	my ($path, $window) = @{ [ [ 'auto', 50000 ], [ 'auto', 50 ], [ 'probe', 500 ],
		[ 'plain', 500 ] ]->[ $attempt % 4 ] };
	my ($out, $err);

	last if $cancelled >= 12;
	$node->safe_psql('cancel', "INSERT INTO uploads SELECT '$name',
		onboard_begin_upload('CAN-1', '$name', total_records => 4000)");
	$node->psql('cancel', "SET application_name = 'cancelled'; SET ROLE loader; SET onboard.load_path = $path; SET "
		. "onboard.window_rows = $window; SET statement_timeout = $timeout;\n" . load_statement($name, 0),
		stdout => \$out, stderr => \$err);
	if ($err =~ /statement timeout/)
	{
		$cancelled++;
		wait_for_end('cancelled');
		is(leftovers(), '', "cancelled after $timeout ms, path $path: nothing is left");
		$node->safe_psql('cancel', "SET ROLE loader; SET onboard.load_path = $path;\n" . load_statement($name, 0));
		$timeout = $timeout * 2 if $timeout < 64;
	}
	else
	{
		$timeout = int($timeout / 2) || 1;
	}
	check_loaded($name, "timeout $timeout ms, path $path");
}
cmp_ok($cancelled, '>=', 7, 'enough loads were cancelled by a timeout');

# COPY whose client stops in the middle: it is cancelled or disconnects.
foreach my $how ('cancelled', 'gone')
{
	my $name = 'u' . ++$number;
	my ($in, $out, $err) = ('', '', '');
	my $upload = $node->safe_psql('cancel', "INSERT INTO uploads
		SELECT '$name', onboard_begin_upload('CAN-1', '$name', total_records => 4000) RETURNING upload_id");
	my $lines = $node->safe_psql('cancel', "COPY (SELECT upload_id, row_number, id, 'Lamp', 'Books', sku, price, 1
		FROM source('$name')) TO STDOUT");
	my $copy = "COPY onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
		stock_quantity) FROM STDIN;\n";
	my $psql = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('cancel') . ' user=loader' ], '<', \$in, '>',
		\$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));

	$in .= "SET application_name = 'copies'; SET onboard.window_rows = 100;\n$copy"
		. substr($lines, 0, 3 * length($lines) / 4);
	$psql->pump while length $in;
	# psql sends lines as it reads them; the upload is locked after the first one arrived.
	$node->poll_query_until('cancel', "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'onboard.products'::regclass
		AND mode = 'RowExclusiveLock'") or die 'the load did not get there';
	if ($how eq 'cancelled')
	{
		$node->safe_psql('cancel', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
			WHERE query LIKE 'COPY onboard.intake%'");
	}
	else
	{
		$psql->kill_kill;
	}
	if ($how eq 'cancelled')
	{
		$in .= substr($lines, 3 * length($lines) / 4) . "\n\\.\nSELECT 'still here';\n";
		$psql->pump until $out =~ /still here/;
		like($err, qr/canceling statement due to user request/, 'COPY is cancelled');
		$in .= "\\q\n";
		$psql->finish;
	}
	wait_for_end('copies');
	is(leftovers(), '', "COPY whose client is $how: nothing is left");
	$node->safe_psql('cancel', "SET ROLE loader;\n" . load_statement($name, 0));
	check_loaded($name, "COPY whose client is $how");
}

$node->stop;
done_testing();
