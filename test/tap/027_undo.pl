# Undo: taking back an upload restores the catalogue as it was, except for ids and times.
#
# Random uploads of every mode are loaded, with approvals of what a guard held, and undone
# in reverse order: each undo must restore the state before its upload exactly. At the end,
# onboard_product_as_of() must agree with what each product was at every point in between.
#
# ONBOARD_SEED repeats a run; ONBOARD_ROUNDS sets the number of rounds.

use strict;
use warnings FATAL => 'all';
use utf8;

use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use ModesRandom;
use ModesTest;
use OnboardTest;
use Oracle;

my $seed = random_seed();
my $rounds = $ENV{ONBOARD_ROUNDS} // 2;
my $node = new_server('undo');

# A snapshot has all of a product except its times; a state has no ids either, because a removed
# product is inserted again with another one.
my $tables = <<'SQL';
CREATE TABLE oracle.snapshots (number int, taken_at timestamptz, product_id bigint, facts jsonb);
CREATE TABLE oracle.undone (upload int, what text, difference text);
CREATE FUNCTION oracle.state(the_number int) RETURNS TABLE (facts jsonb) LANGUAGE sql AS $$
	SELECT s.facts - 'product_id' FROM oracle.snapshots s WHERE number = the_number $$;
CREATE FUNCTION oracle.take_snapshot(the_number int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO oracle.snapshots SELECT the_number, clock_timestamp(), p.product_id,
		to_jsonb(p) - '{created_at,updated_at}'::text[] FROM onboard.products p $$;
-- Note what differs between two snapshots.
CREATE FUNCTION oracle.compare(the_upload int, before int, after int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO oracle.undone
		SELECT the_upload, 'not restored', s.facts
		FROM (SELECT * FROM oracle.state(before) EXCEPT ALL SELECT * FROM oracle.state(after)) s
		UNION ALL SELECT the_upload, 'left', s.facts
		FROM (SELECT * FROM oracle.state(after) EXCEPT ALL SELECT * FROM oracle.state(before)) s $$;
CREATE VIEW oracle.wrong_past AS
	SELECT n.number, n.taken_at, i.product_id, s.facts AS was, to_jsonb(p) - '{created_at,updated_at}'::text[] AS said
	FROM (SELECT number, max(taken_at) AS taken_at FROM oracle.snapshots GROUP BY number) n
		CROSS JOIN (SELECT DISTINCT product_id FROM oracle.snapshots) i
		LEFT JOIN oracle.snapshots s ON s.number = n.number AND s.product_id = i.product_id
		LEFT JOIN LATERAL onboard_product_as_of(i.product_id, n.taken_at) p ON true
	WHERE s.facts IS DISTINCT FROM nullif(to_jsonb(p), 'null') - '{created_at,updated_at}'::text[]
		AND NOT (s.facts IS NULL AND p.product_id IS NULL);
SQL

# Shares other than 0 would depend on what other uploads did meanwhile.
my $guard = { do => 'sql', text => 'UPDATE onboard.vendors SET sold_out_guard = 0;' };

sub snapshot { return { do => 'sql', text => "SELECT FROM oracle.take_snapshot($_[0]);" }; }

# ----- histories -----

# Return the steps of a whole upload, with an approval of what it held.
sub whole_upload
{
	my ($upload) = @_;
	my @steps = begin_step($upload);

	push @steps, { do => 'rows', door => one_of('ingest', 'copy'), rows => [ some_rows($upload) ] } while $upload->{left};
	push @steps, { do => 'finish', upload => $upload->{number}, total => $upload->{rows} };
	push @steps, { do => one_of('approve', 'approve', 'decline'), upload => $upload->{number} } if chance(0.5);
	return @steps;
}

# Load and undo uploads like a stack, until it is empty.
sub random_stack
{
	my @steps = (random_products(), $guard, snapshot(0));
	my $snapshots = 0;
	my $uploads = 0;
	my @stack;

	while ($uploads < 18 || @stack)
	{
		push @steps, { do => 'sql', text => 'SET onboard.load_path = ' . one_of('auto', 'plain') . ';' } if chance(0.3);
		if ($uploads < 18 && (!@stack || chance(0.6)))
		{
			my $upload = random_upload(++$uploads);

			push @stack, { number => $uploads, before => $snapshots };
			push @steps, whole_upload($upload), snapshot(++$snapshots);
		}
		else
		{
			my $top = pop @stack;

			push @steps, { do => 'undo', upload => $top->{number} }, snapshot(++$snapshots), { do => 'sql',
				text => "SELECT FROM oracle.compare($top->{number}, $top->{before}, $snapshots);" };
		}
	}
	return @steps;
}

# Uploads, changes by SQL and undos in any order: what can't be restored is kept.
sub random_order
{
	my @steps = (random_products(), $guard, snapshot(0));
	my @loaded;

	foreach my $number (1 .. 40)
	{
		if (@loaded && chance(0.25))
		{
			push @steps, { do => 'undo', upload => splice @loaded, int rand @loaded, 1 };
		}
		elsif (chance(0.4))
		{
			push @steps, random_sql();
		}
		else
		{
			push @steps, whole_upload(random_upload($number));
			push @loaded, $number;
		}
		push @steps, snapshot($number);
	}
	return @steps;
}

# ----- rounds -----

add_modes_database($node, 'undo', @modes_vendors);
$node->safe_psql('undo', $tables);
foreach my $round (1 .. $rounds)
{
	foreach my $history ([ 'undone in reverse', \&random_stack ], [ 'in any order', \&random_order ])
	{
		my ($name, $make) = @$history;
		my @steps = $make->();

		$node->safe_psql('undo', 'TRUNCATE oracle.snapshots, oracle.undone');
		my ($failed, $differences) = first_difference($node, 'undo', @steps);
		ok(!defined $failed,
			"round $round, $name: the oracle agrees after each of @{[ scalar @steps ]} steps (ONBOARD_SEED=$seed)")
		  or diag "after step $failed, " . json($steps[$failed]) . "\n$differences";
		is($node->safe_psql('undo', 'SELECT * FROM oracle.undone LIMIT 5'), '',
			"round $round, $name: undo restores what was before")
		  if $make == \&random_stack;
		is($node->safe_psql('undo', 'SELECT * FROM oracle.wrong_past LIMIT 5'), '',
			"round $round, $name: the past of each product is as it was");
	}
	cmp_ok($node->safe_psql('undo', 'SELECT count(*) FROM oracle.snapshots'), '>', 500, 'products were compared');
	foreach my $action (qw(updated discontinued restored reverted deleted))
	{
		note "$action: " . $node->safe_psql('undo', "SELECT count(*) FROM onboard.product_changes WHERE action = '$action'");
	}
}

# This test can fail: a value that undo does not restore would be found.
$node->safe_psql('undo', <<'SQL');
TRUNCATE oracle.snapshots, oracle.undone;
SELECT oracle.take_snapshot(1);
UPDATE onboard.products SET brand = 'Other' WHERE product_id = (SELECT min(product_id) FROM onboard.products);
SELECT oracle.take_snapshot(2);
SELECT oracle.compare(1, 1, 2);
SQL
is($node->safe_psql('undo', 'SELECT what, count(*) FROM oracle.undone GROUP BY 1 ORDER BY 1'), "left|1\nnot restored|1",
	'a difference is found');
$node->stop;
done_testing();
