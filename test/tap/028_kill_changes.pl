# Kill the loader and the server while files change products, and load each file again until its
# upload has ended. No change may be lost, made twice, or recorded differently than made.
#
# What each file does is computed from the files alone, in this file. Most kills hit where the test
# wants them: a prepared transaction, which survives crashes, locks a product, and the kill comes
# when the loader's session waits for it. Other kills come at random moments.
#
# ONBOARD_SEED repeats a run, except for these moments.

use strict;
use warnings FATAL => 'all';

use List::Util qw(min shuffle);
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use OnboardTest;
use Oracle;
use Patience;

use constant {
	TRANSACTION_ROWS => 50_000,    # of the loader
	PRODUCTS => 6_000,
	SMALL => 4_000,                # products in the files that fit in one transaction
	NEW => 46_000,                 # new products in the file that does not
	MAX_REPEATS => 8,
};

my $program = onboard_program();
my $directory = PostgreSQL::Test::Utils::tempdir();
my $seed = random_seed();
my $node = new_server('kill_changes', "restart_after_crash = on\ncheckpoint_timeout = 1h\nmax_prepared_transactions = 1\n");

add_database($node, 'killed', 'VEND001');
$node->safe_psql('killed', "UPDATE onboard.vendors SET modes = '{insert,upsert,update,replace}', sold_out_guard = NULL,
	discontinue_guard = NULL");
# Use several windows per transaction, so that kills hit between and inside them.
$node->safe_psql('postgres', 'ALTER ROLE loader SET onboard.window_rows = 700');

sub server_says { return $node->safe_psql('killed', $_[0]) }

# ----- files -----

my %columns = (
	insert => [qw(vendor_product_id sku product_name category price stock_quantity)],
	update => [qw(vendor_product_id price stock_quantity onboard_action)],
	price => [qw(vendor_product_id price)]);
$columns{$_} = [ @{ $columns{insert} }, 'onboard_action' ] foreach qw(upsert replace);

# Write rows as a file; return its path.
sub make_file
{
	my ($name, $columns, @rows) = @_;
	my $path = "$directory/$name.csv";
	my $text = join(',', @$columns) . "\n";

	foreach my $row (@rows)
	{
		my %cell = (sku => "S-$row->{vendor_product_id}", category => 'Books', onboard_action => '', %$row);

		$text .= join(',', map { $_ eq 'price' && $cell{price} =~ /,/ ? "\"$cell{price}\"" : $cell{$_} } @$columns) . "\n";
	}
	write_file($path, $text);
	return $path;
}

sub price { return between(20, 60) . '.00' }

# What is in the catalogue, by vendor_product_id. "newest" lists the columns for which a newer
# file was loaded.
my %catalogue;

sub status_of
{
	my ($product) = @_;

	return $product->{is_gone} ? 'discontinued' : $product->{stock_quantity} ? 'active' : 'out_of_stock';
}

# Return a row that names a product, or a new one.
sub random_row
{
	my ($id, $fresh_id) = @_;
	my $product = $catalogue{$id}
	  or return { vendor_product_id => $id, product_name => 'Lamp', price => price(), stock_quantity => between(0, 9) };
	my %same = map { $_ => $product->{$_} } qw(product_name price stock_quantity);
	my %changed = (%same, price => price(), stock_quantity => between(0, 9), chance(0.3) ? (product_name => 'Light') : ());
	my $kind = rand;

	return { vendor_product_id => $id, $kind < 0.7 ? %changed : %same } if $product->{newest};
	return { vendor_product_id => $id, %changed, onboard_action => 'delete' } if $kind < 0.05;
	return { vendor_product_id => $id, %same } if $kind < 0.3 || $product->{is_gone};
	return { vendor_product_id => $id, %changed, price => '1,5x' } if $kind < 0.35;
	return { vendor_product_id => $id, %changed, price => '999.00' } if $kind < 0.4;
	return { vendor_product_id => $fresh_id, %changed } if $kind < 0.45;
	return { vendor_product_id => $id, %changed };
}

# Return rows that name the products in random order, some of them twice.
sub random_rows
{
	my ($round, @ids) = @_;
	my @rows;

	foreach my $id (@ids)
	{
		push @rows, random_row($id, "N$round-" . @rows);
		my $repeated = $rows[ int rand @rows ]{vendor_product_id};

		push @rows, { %{ random_row($repeated, $repeated) }, vendor_product_id => $repeated }
		  if chance(0.05) && $catalogue{$repeated};
	}
	return @rows;
}

# ----- what the files do -----

# Set what differs; return the change as a text, or nothing.
sub change_product
{
	my ($id, %values) = @_;
	my $product = $catalogue{$id};
	my %old = (%$product, status => status_of($product));
	my ($was_gone, @differences) = $product->{is_gone};

	@$product{ keys %values } = values %values;
	my %new = (%$product, status => status_of($product));
	foreach my $name (qw(price product_name status stock_quantity))
	{
		push @differences, "$name=$old{$name}>$new{$name}" if $old{$name} ne $new{$name};
	}
	return unless @differences;
	my $action = $was_gone == $product->{is_gone} ? 'updated' : $was_gone ? 'restored' : 'discontinued';

	return "$action @differences";
}

# Judge a row that names a product first; return its action, and its change.
sub judge_row
{
	my ($mode, $row) = @_;
	my $id = $row->{vendor_product_id};
	my $product = $catalogue{$id};
	my %values = map { $_ => $row->{$_} } $mode eq 'update' ? () : 'product_name', qw(price stock_quantity);

	if (($row->{onboard_action} // '') eq 'delete')
	{
		my $change = change_product($id, is_gone => 1);

		return ($change ? 'discontinued' : 'unchanged', $change);
	}
	return 'rejected' if $row->{price} =~ /x/;
	return 'stale' if ($product->{newest} // '') eq 'all';
	delete $values{price} if ($product->{newest} // '') eq 'price';
	return 'held' if $row->{price} eq '999.00';
	$values{is_gone} = 0 unless $mode eq 'update';
	my $change = change_product($id, %values);

	return ($change ? 'updated' : 'unchanged', $change);
}

# Apply an upload's rows to the catalogue. Return its counters, the
# numbers of rejected rows, its action records and its changes.
sub apply_rows
{
	my ($mode, @rows) = @_;
	my %count = map { $_ => 0 }
	  qw(inserted updated unchanged stale held discontinued discontinued_missing error_records total_records);
	my (%named, @rejected, @actions, @changes);

	foreach my $row (@rows)
	{
		my $id = $row->{vendor_product_id};
		my $number = ++$count{total_records};

		if ($named{$id}++ || (!$catalogue{$id} && $mode eq 'update'))
		{
			push @rejected, $number;
		}
		elsif (!$catalogue{$id})
		{
			$catalogue{$id} = { is_gone => 0, map { $_ => $row->{$_} } qw(product_name price stock_quantity) };
			$count{inserted}++;
		}
		else
		{
			my ($action, $change) = judge_row($mode, $row);

			$action eq 'rejected' ? push @rejected, $number : $count{$action}++;
			push @actions, "$id $number $action";
			push @changes, "$id $number $change" if $change;
		}
	}
	foreach my $id ($mode eq 'replace' ? grep { !$named{$_} && !$catalogue{$_}{newest} } keys %catalogue : ())
	{
		my $change = change_product($id, is_gone => 1) or next;

		$count{discontinued_missing}++;
		push @actions, "$id - discontinued";
		push @changes, "$id - $change";
	}
	$count{error_records} = @rejected;
	return (\%count, \@rejected, \@actions, \@changes);
}

# ----- loading and killing -----

# Start the loader; return its process id.
sub start_loader
{
	my ($path, $mode, $time) = @_;
	my $loader = fork // die "fork: $!";

	if ($loader == 0)
	{
		open STDOUT, '>', "$directory/loader.out";
		open STDERR, '>>', "$directory/loader.err";
		exec $program, 'load', $path, '--vendor', 'VEND001', '--db', $node->connstr('killed') . ' user=loader',
		  '--mode', $mode, '--as-of', $time, '--max-rows', 0, '--max-bytes', 0, '--no-reports', '--quiet'
		  or POSIX::_exit(99);
	}
	return $loader;
}

# Return the exit code of the loader, or undef if it was killed.
sub end_of
{
	my ($loader) = @_;

	waitpid $loader, 0;
	return $? & 127 ? undef : $? >> 8;
}

sub load
{
	return end_of(start_loader(@_));
}

my %killed = (loader => 0, backend => 0, server => 0);

# Kill the victim: the loader, the backend, which makes the server recover, or the whole server.
sub kill_victim
{
	my ($victim, $loader, $backend) = @_;
	my $logged = -s $node->logfile;

	if ($victim eq 'loader')
	{
		kill KILL => $loader or die "cannot kill the loader: $!";
	}
	elsif ($victim eq 'server')
	{
		$node->stop('immediate');
		$node->start;
	}
	else
	{
		kill KILL => $backend or die "cannot kill the backend: $!";
		$node->wait_for_log(qr/all server processes terminated; reinitializing/, $logged);
		wait_until(sub { system('pg_isready', '-q', '-h', $node->host, '-p', $node->port) == 0 }, 'the server is back');
	}
	$killed{$victim}++;
	return;
}

# Kill the loader or the server at a random moment; return what end_of() returns.
sub kill_sometime
{
	my ($loader) = @_;

	usleep int rand 300_000;
	kill_victim(one_of('loader', 'server'), $loader);
	return end_of($loader);
}

# Start the loader, and kill the victim when the session waits for the product. A loader whose
# session was killed connects again, and there is a second kill. Return how many rows were
# committed at the first kill, and what end_of() returns.
sub kill_at
{
	my ($victim, $id, @load) = @_;

	server_says("BEGIN; SELECT FROM onboard.products WHERE vendor_product_id = '$id' FOR UPDATE; PREPARE TRANSACTION 'lock'");
	my $loader = start_loader(@load);
	my $backend;

	wait_until(sub { $backend = server_says("SELECT min(pid) FROM pg_stat_activity
		WHERE usename = 'loader' AND wait_event_type = 'Lock'") }, "the loader waits for product $id");
	my $judged = server_says("SELECT coalesce(sum(last_row - first_row + 1), 0) FROM onboard.judged_rows
		JOIN onboard.upload_history USING (upload_id) WHERE status = 'processing'");

	kill_victim($victim, $loader, $backend);
	server_says("ROLLBACK PREPARED 'lock'");
	return ($judged, $victim eq 'loader' ? end_of($loader) : kill_sometime($loader));
}

# ----- the catalogue at the start -----

foreach my $number (1 .. PRODUCTS)
{
	$catalogue{"P$number"} = { product_name => 'Lamp', price => price(), stock_quantity => between(0, 9), is_gone => 0 };
}

# Return rows with what the catalogue has.
sub rows_of { return map { { vendor_product_id => $_, %{ $catalogue{$_} } } } @_ }

is(load(make_file('base', $columns{insert}, rows_of(sort keys %catalogue)), 'insert', '2026-01-01'), 0,
	'products are inserted');
# Newer files than those that will be interrupted, with all columns or only the price
my @newest = grep { /5$/ && chance(0.3) } sort keys %catalogue;
my @newest_price = grep { /7$/ && chance(0.3) } sort keys %catalogue;

$catalogue{$_}{newest} = 'all' foreach @newest;
@{ $catalogue{$_} }{qw(newest price)} = ('price', price()) foreach @newest_price;
is(load(make_file('newest', $columns{upsert}, rows_of(@newest)), 'upsert', '2026-03-01'), 0, 'some are in a newer file');
is(load(make_file('newest_price', $columns{price}, rows_of(@newest_price)), 'update', '2026-03-01'), 0,
	'some have a newer price');

# ----- rounds -----

# Compare lines, and show those that differ.
sub same_lines
{
	my ($got, $expected, $what) = @_;
	my (%difference, @shown);

	$difference{$_}++ foreach @$expected;
	$difference{$_}-- foreach @$got;
	@shown = grep { $difference{$_} } sort keys %difference;
	is(scalar @shown, 0, $what)
	  or diag join "\n", map { ($difference{$_} > 0 ? 'missing: ' : 'not expected: ') . $_ } splice @shown, 0, 10;
	return;
}

sub lines_of { return [ split /\n/, server_says($_[0]) ] }

# Compare all that an ended upload stored with what its rows do.
sub check_upload
{
	my ($mode, @rows) = @_;
	my ($count, $rejected, $actions, $changes) = apply_rows($mode, @rows);
	my @counters = sort keys %$count;
	my $upload = server_says("SELECT upload_id FROM onboard.upload_history ORDER BY created_at DESC LIMIT 1");

	foreach my $counter (grep { $_ ne ($mode eq 'update' ? 'inserted' : '') } @counters)
	{
		next if $counter eq 'discontinued_missing' && $mode ne 'replace';
		cmp_ok($count->{$counter}, '>', 0, "$mode: the file has rows for $counter");
	}
	is(server_says("SELECT concat_ws(' ', mode, status, " . join(', ', map { "'$_', $_" } @counters) . ")
		FROM onboard.upload_history WHERE upload_id = '$upload'"),
		join(' ', $mode, 'partial', map { ($_, $count->{$_}) } @counters), "$mode: the counters are those of the file");
	is(server_says("SELECT count(*) FROM onboard.held_rows WHERE upload_id = '$upload'"), $count->{held},
		"$mode: each held row is stored once");
	same_lines(lines_of("SELECT DISTINCT row_number FROM onboard.validation_errors WHERE upload_id = '$upload'"), $rejected,
		"$mode: the findings are those of the rejected rows");
	same_lines(lines_of("SELECT concat_ws(' ', vendor_product_id, coalesce(a.row_number::text, '-'), a.action)
		FROM onboard.row_actions a JOIN onboard.products USING (product_id)
			JOIN onboard.upload_history u USING (upload_number) WHERE u.upload_id = '$upload'"),
		$actions, "$mode: each product that was named has one record");
	same_lines(lines_of("SELECT concat_ws(' ', vendor_product_id, coalesce(c.row_number::text, '-'), c.action, d.differences)
		FROM onboard.product_changes c JOIN onboard.products USING (product_id), LATERAL (
			SELECT string_agg(concat(key, '=', o.value, '>', n.value), ' ' ORDER BY key) AS differences
			FROM jsonb_each_text(old_values) o FULL JOIN jsonb_each_text(new_values) n USING (key)) d
		WHERE c.upload_id = '$upload'"), $changes, "$mode: each change was recorded once, as the file made it");
	same_lines(lines_of("SELECT concat_ws(' ', vendor_product_id, 'S-' || vendor_product_id = sku, product_name, price,
		stock_quantity, status) FROM onboard.products"),
		[ map { my $id = $_; join ' ', $id, 't', @{ $catalogue{$id} }{qw(product_name price stock_quantity)},
			status_of($catalogue{$id}) } keys %catalogue ], "$mode: the products are as the files say");
	is(server_says("SELECT count(*) FROM onboard.outbox WHERE upload_id = '$upload' AND kind = 'upload_ended'"), 1,
		"$mode: it ended once");
	return;
}

# Choose the product of a row between two rows, which waits if the product is locked. No earlier
# row names it.
sub product_to_lock
{
	my ($mode, $first, $last, @rows) = @_;
	my %named;
	my @found;

	foreach my $number (1 .. $last)
	{
		my $row = $rows[ $number - 1 ];
		my $product = $catalogue{ $row->{vendor_product_id} };

		push @found, $row->{vendor_product_id}
		  if !$named{ $row->{vendor_product_id} }++ && $number >= $first && $product && !$product->{newest}
		  && !$product->{is_gone} && $row->{price} !~ /x|999/ && $row->{price} ne $product->{price};
	}
	return one_of(@found);
}

my $day = 1;

foreach my $mode (qw(update replace upsert))
{
	my @ids = shuffle(sort(keys %catalogue), $mode eq 'upsert' ? map { "NEW$_" } 1 .. NEW : ());
	my @rows = random_rows($mode, $mode eq 'upsert' ? @ids : @ids[ 0 .. SMALL - 1 ]);
	my @load = (make_file($mode, $columns{$mode}, @rows), $mode, sprintf '2026-02-%02d', $day++);
	my ($judged, $code) = kill_at('loader', product_to_lock($mode, 1, min(scalar @rows, TRANSACTION_ROWS), @rows), @load);
	my $again = 0;

	is($judged, 0, "$mode: the loader was killed in its first transaction");
	if ($mode eq 'upsert')
	{
		($judged, $code) = kill_at('backend', product_to_lock($mode, TRANSACTION_ROWS + 1, scalar @rows, @rows), @load);
		is($judged, TRANSACTION_ROWS, "$mode: its session was killed in the second transaction");
	}
	elsif ($mode eq 'update')
	{
		($judged, $code) = kill_at('backend', product_to_lock($mode, 1, scalar @rows, @rows), @load);
		is($judged, 0, "$mode: its session was killed in the first transaction");
	}
	else
	{
		# Only the last step waits for a product that no row names.
		my %named = map { $_->{vendor_product_id} => 1 } @rows;
		my @missing = grep { !$named{$_} && !$catalogue{$_}{newest} && !$catalogue{$_}{is_gone} } sort keys %catalogue;

		($judged, $code) = kill_at('backend', one_of(@missing), @load);
		is($judged, 0, "$mode: its session was killed in the last step, in the transaction of the last rows");
	}
	until (defined $code && $code <= 1)
	{
		die "the upload does not end: " . slurp_file("$directory/loader.err") if ++$again > MAX_REPEATS;
		$code = $again <= 2 ? kill_sometime(start_loader(@load)) : load(@load);
	}
	is($code, 1, "$mode: the upload ended, with some rows rejected (repeated: $again)");
	check_upload($mode, @rows);
}

# ----- after all these recoveries -----

my $before = table_sums($node, 'killed');

is(load("$directory/upsert.csv", 'upsert', '2026-02-03'), 1, 'loading the last file again has the same result');
is(table_sums($node, 'killed'), $before, 'and changes nothing');
cmp_ok($killed{loader}, '>=', 3, 'the loader was killed in each round');
cmp_ok($killed{backend}, '>=', 3, 'its session was killed, too');
note join ', ', map { "$_: $killed{$_}" } sort keys %killed;
SKIP:
{
	skip 'amcheck is not installed', 1
	  if server_says("SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") == 0;
	server_says('CREATE EXTENSION amcheck');
	is(server_says("SELECT count(bt_index_parent_check(indexrelid, true)) > 0 FROM pg_index JOIN pg_class i ON i.oid = indexrelid
		JOIN pg_am m ON m.oid = i.relam AND amname = 'btree' WHERE indrelid IN ('onboard.products'::regclass,
			'onboard.row_actions'::regclass, 'onboard.product_changes'::regclass, 'onboard.held_rows'::regclass)"),
		't', 'indexes are sound');
}
$node->stop;
done_testing();
