# Compare changing uploads with the oracle of ModesOracle.pm on random histories: uploads of
# several vendors in every mode, in parts, at once and again, through both doors and all
# paths, with SQL, approvals and undos in between. After each step, verdicts, products,
# records of rows, counters, held rows and history must be those of the oracle.
#
# ONBOARD_SEED repeats a run; ONBOARD_ROUNDS sets the number of rounds. ONBOARD_SHRINK=1
# reduces the history of a difference to the steps and rows that it needs.

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
my $node = new_server('modes');
my $logical = new_server('modes_logical', "wal_level = logical\n");
my @vendors = @modes_vendors;

# ----- histories -----

# Products in stock at the beginning of an upload are counted when a guard first needs them, so
# shares other than 0 would depend on what other uploads did meanwhile.
my %prepare = (
	window => sub { 'SET onboard.window_rows = ' . one_of(1, 2, 5, 50000) . ';' },
	path => sub { 'SET onboard.load_path = ' . one_of('auto', 'auto', 'probe', 'plain') . ';' },
	trigger => sub { 'CREATE OR REPLACE FUNCTION public.pass() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RETURN NEW; END $$; CREATE OR REPLACE TRIGGER users_own BEFORE ' . one_of('INSERT', 'UPDATE', 'INSERT OR UPDATE')
		  . ' ON onboard.products FOR EACH ROW EXECUTE FUNCTION public.pass();' },
	full_pages => sub { 'CLUSTER onboard.products USING products_pkey;' }, # so that new versions need index entries
	no_trigger => sub { 'DROP TRIGGER IF EXISTS users_own ON onboard.products;' },
	guards => sub { sprintf 'UPDATE onboard.vendors SET price_guard = %s, sold_out_guard = %s, discontinue_guard = %s
		WHERE vendor_id = %s;', one_of(2, 5, 'NULL'), one_of(0, 'NULL'), one_of(0.2, 0.5, 1, 'NULL'),
		literal(one_of(@vendors)) });

sub random_history
{
	my @steps;
	my (@open, @ended);
	my $uploads = 0;

	push @steps, random_products(), { do => 'sql', text => 'UPDATE onboard.vendors SET sold_out_guard = 0;' };
	while ($uploads < 25 || @open)
	{
		if ($uploads < 25 && (!@open || @open < 3 && chance(0.3)))
		{
			my $upload = random_upload(++$uploads);

			push @open, $upload;
			push @steps, begin_step($upload);
		}
		push @steps, { do => 'sql', text => $prepare{ one_of(sort keys %prepare) }->() } if chance(0.3);
		push @steps, random_sql() if chance(0.4);

		my ($upload, $other) = shuffle(@open);
		my $door = one_of('ingest', 'copy');
		my @rows = some_rows($upload);

		if ($door eq 'copy' && $other && $other->{left} && chance(0.3))
		{
			# Rows of two uploads alternate in one COPY.
			my @more = some_rows($other);

			@rows = map { (splice(@rows, 0, between(1, 4)), splice(@more, 0, between(1, 4))) } 1 .. @rows + @more;
		}
		else
		{
			@rows = shuffle(@rows) if chance(0.3);
		}
		push @steps, { do => 'rows', door => $door, rows => \@rows };
		foreach my $full (grep { $_->{left} == 0 } @open)
		{
			push @steps, { do => 'finish', upload => $full->{number}, total => $full->{rows} };
			push @ended, $full;
		}
		@open = grep { $_->{left} } @open;
		push @steps, { do => one_of('approve', 'decline'), upload => one_of(@ended)->{number} } if @ended && chance(0.3);
		push @steps, { do => 'undo', upload => (splice @ended, int rand @ended, 1)->{number} } if @ended && chance(0.12);
		push @steps, { do => 'rows', door => one_of('ingest', 'copy'), rows => [ shuffle(@{ one_of(@ended)->{delivered} }) ] }
		  if @ended && chance(0.1);
	}
	return @steps;
}

# ----- shrinking histories -----

# Remove what the difference does not need: steps, then rows.
sub shrink
{
	my ($server, $differences, @steps) = @_;
	my ($kind) = $differences =~ /^(?:extension|oracle): (\w+)/;
	my $differs = sub { my (undef, $what) = first_difference($server, 'differ', @_);
		return defined $what && (defined $kind ? $what =~ /: $kind / : $what) && (!defined $kind || $what !~ /ERROR/); };

	for (my $size = int(@steps / 2); $size >= 1; $size = int($size / 2))
	{
		for (my $i = 0; $i < @steps - 1;)
		{
			my @less = @steps;

			splice @less, $i, $size;
			if ($i + $size < @steps && $differs->(@less)) { @steps = @less; } else { $i += $size; }
		}
	}
	foreach my $step (grep { $_->{rows} } @steps)
	{
		for (my $i = 0; $i < @{ $step->{rows} } && @{ $step->{rows} } > 1;)
		{
			my ($row) = splice @{ $step->{rows} }, $i, 1;

			splice @{ $step->{rows} }, $i++, 0, $row unless $differs->(@steps);
		}
	}
	return @steps;
}

# ----- rounds -----

foreach my $server ($node, $logical)
{
	add_modes_database($server, 'differ', @vendors);
}
foreach my $round (1 .. $rounds)
{
	my $server = $round % 2 ? $node : $logical;
	my @steps = random_history();
	my ($failed, $differences) = first_difference($server, 'differ', @steps);

	ok(!defined $failed, "round $round: the oracle agrees after each of @{[ scalar @steps ]} steps (ONBOARD_SEED=$seed)");
	if (defined $failed)
	{
		diag "after step $failed, " . json($steps[$failed]) . "\n$differences";
		if ($ENV{ONBOARD_SHRINK})
		{
			my @less = shrink($server, $differences, @steps[ 0 .. $failed ]);

			diag "smallest history:\n" . join('', map { json($_) . "\n" } @less)
			  . (first_difference($server, 'differ', @less))[1];
		}
		last;
	}
	# Every kind of row occurred.
	my %count = map { split /\|/ } split /\n/, $server->safe_psql('differ', 'SELECT action, count(*) FROM oracle.rows GROUP BY 1
		UNION ALL SELECT error_type, count(*) FROM oracle.errors GROUP BY 1
		UNION ALL SELECT outcome, count(*) FROM oracle.held GROUP BY 1
		UNION ALL SELECT cause, count(*) FROM oracle.held GROUP BY 1
		UNION ALL SELECT action || \' in history\', count(*) FROM oracle.changes GROUP BY 1');
	note join ', ', map { "$_ $count{$_}" } sort keys %count;
}

# After all of this, the indexes match the heap.
SKIP:
{
	skip 'amcheck is not installed', 2
	  if $node->safe_psql('differ', "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") == 0;
	foreach my $server ($node, $logical)
	{
		is($server->safe_psql('differ', <<'SQL'), 't', $server->name . ': indexes are sound');
CREATE EXTENSION amcheck;
SELECT count(bt_index_parent_check(indexrelid, true)) > 0 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
	JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree' WHERE indrelid IN ('onboard.products'::regclass,
	'onboard.product_changes'::regclass, 'onboard.row_actions'::regclass, 'onboard.held_rows'::regclass);
SQL
	}
}
$_->stop foreach $node, $logical;
done_testing();
