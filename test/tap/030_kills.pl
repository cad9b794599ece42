# Kill the server and the loader at every point between the first byte of a COPY and the
# reply to its commit. No row may be lost or stored twice, and every upload must end once.
#
# The loader connects to the server through a proxy in this file, which parses enough of
# the protocol to strike at a given point. Around each kill, the test inspects the server
# to prove where the kill hit.

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IO::Socket::UNIX;
use POSIX ':sys_wait_h';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use OnboardTest;
use Patience;

use constant {
	ROWS => 101_000,    # slightly more than two transactions of the loader
	MAX_UPLOADS => 20,
};

my $program = onboard_program();
my $seed = $ENV{ONBOARD_TEST_SEED} // 20;
srand $seed;
note "seed $seed";

my $node = new_server('kills', "restart_after_crash = on\ncheckpoint_timeout = 1h\n");
my $directory = PostgreSQL::Test::Utils::tempdir();
my $socket_directory = short_folder();
$SIG{PIPE} = 'IGNORE';

add_database($node, 'killed', 'VEND001');
add_database($node, 'reference', 'VEND001');
# Use several windows per transaction, so that kills hit between and inside them.
$node->safe_psql('postgres', 'ALTER ROLE loader SET onboard.window_rows = 7000');

# ----- files -----

# Write a file with every kind of row. Duplicates are in the same window, in another
# window, and in another transaction.
sub make_file
{
	my ($number) = @_;
	my $path = "$directory/$number.csv";
	my $text = "sku,vendor_product_id,product_name,category,price,stock_quantity,Colour\n";

	for my $row (1 .. ROWS)
	{
		my $kind = $row % 97;
		my $sku = "S$number-$row";
		my $name = $kind == 11 ? "\"two\nlines, \"\"quoted\"\"\"" : "Product $row";
		my $price = $kind == 23 ? '1,5x' : '9.99';

		$sku = 'S' . $number . '-' . ($row - 3) if $kind == 31;
		$sku = 'S' . $number . '-' . ($row - 9_000) if $kind == 41 && $row > 9_000;
		$sku = 'S' . $number . '-' . ($row - 60_000) if $kind == 51 && $row > 60_000;
		$price = "\"$price\"" if $price =~ /,/;
		$text .= "$sku,P$number-$row,$name," . ($kind == 61 ? 'Boks' : 'Books') . ",$price,"
		  . ($row % 50) . ($kind == 71 ? ",red,more\n" : ",red\n");
	}
	write_file($path, $text);
	is(csv_records($text), ROWS, "file $number has the right number of rows");
	return $path;
}

# ----- what to kill, and where -----

my @victims = qw(backend immediate postmaster loader);
my %wanted = (in_copy => 3, ending => 2, between => 2, reply_lost => 2);
my @steps;
my @log;

for my $point (sort keys %wanted)
{
	for my $victim (@victims)
	{
		push @steps, map { { point => $point, victim => $victim } } 1 .. $wanted{$point};
	}
}
push @steps, { point => 'begin_lost', victim => 'loader' }, { point => 'begin_lost', victim => 'backend' };
# The order is random but the same for one seed.
for (my $i = @steps - 1; $i > 0; $i--)
{
	my $j = int rand($i + 1);
	@steps[ $i, $j ] = @steps[ $j, $i ];
}
$_->{bytes} = 1 + int rand 3_000_000 for @steps;
my $planned = @steps;

sub server_says { return $node->safe_psql('killed', $_[0]) }

# Return the number of judged rows of the upload being loaded.
sub judged_rows
{
	return server_says("SELECT coalesce(sum(last_row - first_row + 1), 0) FROM onboard.judged_rows");
}

sub start_again
{
	# After the postmaster was killed, its backends may survive for a moment.
	wait_until(sub {
		# The module would trust the lock file of the dead postmaster.
		$node->{_pid} = undef;
		return $node->start(fail_ok => 1);
	}, 'the server starts');
	return;
}

sub wait_until_up
{
	wait_until(sub { system('pg_isready', '-q', '-h', $node->host, '-p', $node->port) == 0 }, 'the server comes back');
	return;
}

sub kill_victim
{
	my ($victim, $link) = @_;

	if ($victim eq 'loader')
	{
		kill KILL => $link->{loader} or die "cannot kill the loader: $!";
	}
	elsif ($victim eq 'backend')
	{
		my $logged = -s $node->logfile;

		kill KILL => $link->{backend} or die "cannot kill the backend: $!";
		# The server terminates all sessions and recovers.
		wait_for_end($link);
		$node->wait_for_log(qr/all server processes terminated; reinitializing/, $logged);
		wait_until_up();
	}
	elsif ($victim eq 'immediate')
	{
		$node->stop('immediate');
		start_again();
	}
	else
	{
		$node->kill9;
		wait_for_end($link);
		start_again();
	}
	return;
}

# Read the server's remaining output until it closes the connection.
sub wait_for_end
{
	my ($link) = @_;
	my $buffer;

	1 while sysread $link->{server}, $buffer, 65536;
	return;
}

# Kill the victim, and record where the kill hit.
sub strike
{
	my ($link) = @_;
	my $step = shift @steps;
	my $before = judged_rows();
	my $activity = server_says("SELECT state || ' ' || coalesce(substring(query FROM 'COPY onboard.intake'),
		left(query, 20)) FROM pg_stat_activity WHERE pid = $link->{backend}");
	my $status = server_says("SELECT coalesce(string_agg(status, ','), 'none') FROM onboard.upload_history
		WHERE upload_id = (SELECT upload_id FROM onboard.upload_history ORDER BY created_at DESC LIMIT 1)");

	# From here on, either the commit or the kill may come first.
	if ($step->{point} eq 'ending')
	{
		send_all($link->{server}, delete $link->{held});
		usleep int rand 60_000;
	}
	kill_victim($step->{victim}, $link);
	push @log, { %$step, backend => $activity, status => $status, sent => $link->{copied},
		judged => $before, seen => $link->{judged}, after => judged_rows() };
	note sprintf '%-10s %-10s backend: %-28s upload: %-10s bytes of this COPY: %8d,
		judged rows: %6d known to the loader, %6d before, %6d after',
	  @{ $log[-1] }{qw(point victim backend status sent seen judged after)};
	return;
}

# ----- the proxy -----

sub send_all
{
	my ($socket, $data) = @_;
	my $sent = 0;

	while ($sent < length $data)
	{
		my $count = syswrite $socket, $data, length($data) - $sent, $sent;

		return 0 unless defined $count;
		$sent += $count;
	}
	return 1;
}

# Remove complete messages from a buffer; a client's first message has no type.
sub take_message
{
	my ($buffer, $typed) = @_;
	my $head = $typed ? 5 : 4;
	my $length;

	return if length $$buffer < $head;
	$length = unpack('N', substr $$buffer, $head - 4, 4) + $head - 4;
	return if length $$buffer < $length;
	return substr $$buffer, 0, $length, '';
}

sub is_next { return @steps && $steps[0]{point} eq $_[0] }

# Handle a message from the loader. Return false if the connection is to be cut.
sub from_loader
{
	my ($link, $message) = @_;
	my $type = $link->{started} ? substr $message, 0, 1 : '';

	$link->{started} = 1;
	$link->{statement} = 'begin' if $message =~ /onboard_begin_upload/;
	@$link{qw(statement copied)} = ('copy', 0) if $type eq 'Q' && $message =~ /COPY/;
	$link->{statement} = 'commit' if $type ne 'd' && $message =~ /\bCOMMIT\b/;
	if ($type eq 'c' && is_next('ending'))
	{
		$link->{held} = $message;
		strike($link);
		return 0;
	}
	return 0 unless send_all($link->{server}, $message);
	if ($type eq 'd')
	{
		$link->{copied} += length $message;
		if (is_next('in_copy') && $link->{copied} > $steps[0]{bytes})
		{
			strike($link);
			return 0;
		}
	}
	return 1;
}

# Handle a message from the server.
sub from_server
{
	my ($link, $message) = @_;
	my $type = substr $message, 0, 1;
	my $statement = $link->{statement} // '';

	$link->{backend} = unpack 'N', substr $message, 5, 4 if $type eq 'K';
	if ($type eq 'C' && ($statement eq 'commit' && $message =~ /^C....COMMIT/s && is_next('reply_lost')
		|| $statement eq 'begin' && is_next('begin_lost')))
	{
		$node->poll_query_until('killed', "SELECT state = 'idle' FROM pg_stat_activity WHERE pid = $link->{backend}")
		  or die 'the backend does not come to rest';
		strike($link);
		return 0;
	}
	return 0 unless send_all($link->{client}, $message);
	if ($type eq 'Z' && $statement eq 'commit')
	{
		my $open = server_says("SELECT count(*) FROM onboard.upload_history WHERE status = 'processing'");

		$link->{judged} = judged_rows();
		if (is_next('between') && $open > 0)
		{
			strike($link);
			return 0;
		}
	}
	$link->{statement} = '' if $type eq 'Z';
	return 1;
}

# Forward messages until one side disconnects.
sub serve
{
	my ($link) = @_;
	my %buffer = (client => '', server => '');
	my $select = IO::Select->new($link->{client}, $link->{server});

	while (1)
	{
		for my $socket ($select->can_read)
		{
			my $side = $socket == $link->{client} ? 'client' : 'server';

			return unless sysread $socket, $buffer{$side}, 262_144, length $buffer{$side};
			while (defined(my $message = take_message(\$buffer{$side}, $side eq 'server' || $link->{started})))
			{
				return unless $side eq 'client' ? from_loader($link, $message) : from_server($link, $message);
			}
		}
	}
	return;
}

my $listener = IO::Socket::UNIX->new(Local => "$socket_directory/.s.PGSQL.5432", Listen => 5)
  or die "cannot listen: $!";

# Run the loader once, through the proxy. Return its wait status.
sub run_loader
{
	my ($path) = @_;
	my $waiting = IO::Select->new($listener);
	my $loader = fork // die "fork: $!";

	if ($loader == 0)
	{
		open STDOUT, '>', "$directory/loader.out";
		open STDERR, '>>', "$directory/loader.err";
		exec $program, 'load', $path, '--vendor', 'VEND001', '--db',
			"host=$socket_directory port=5432 dbname=killed user=loader",
		  '--max-rows', 0, '--max-bytes', 0, '--no-reports', '--quiet', '--json'
		  or POSIX::_exit(99);
	}
	while (1)
	{
		my $ended = waitpid $loader, WNOHANG;

		return $? if $ended == $loader;
		next unless $waiting->can_read(0.02);
		my $client = $listener->accept or next;
		my $server = IO::Socket::UNIX->new(Peer => $node->host . '/.s.PGSQL.' . $node->port) or next;
		my $link = { client => $client, server => $server, loader => $loader, copied => 0, judged => 0 };

		serve($link);
		close $_ for $client, $server;
	}
	return;
}

# ----- the test -----

my $uploads = 0;
my $kills_of_loader = 0;

while (@steps && $uploads < MAX_UPLOADS)
{
	my $path = make_file(++$uploads);
	my $status;

	# judged_rows() must count only this upload.
	$node->safe_psql('killed', 'DELETE FROM onboard.judged_rows');
	while (($status = run_loader($path)) == 9)
	{
		$kills_of_loader++;
	}
	is($status >> 8, 1, "upload $uploads ended, with some rows rejected")
	  or diag slurp_file("$directory/loader.err");

	my ($code) = run_onboard('load', $path, '--vendor', 'VEND001', '--db',
		$node->connstr('reference') . ' user=loader', '--max-rows', 0, '--max-bytes', 0, '--no-reports', '--quiet');
	is($code, 1, "reference of upload $uploads is loaded");

	my ($upload, @sums) = split /\|/, server_says(<<'SQL');
SELECT u.upload_id, u.status, u.total_records, u.valid_records + u.error_records,
	(SELECT count(*) FROM onboard.products p WHERE p.upload_id = u.upload_id) - u.valid_records,
	(SELECT count(DISTINCT row_number) FROM onboard.validation_errors e
		WHERE e.upload_id = u.upload_id) - u.error_records,
	(SELECT count(*) FROM onboard.outbox o WHERE o.upload_id = u.upload_id AND kind = 'upload_ended')
FROM onboard.upload_history u ORDER BY u.created_at DESC LIMIT 1
SQL
	is("@sums", "partial @{[ROWS]} @{[ROWS]} 0 0 1", "upload $uploads: the counts are right and it ended once");
	is(server_says(<<SQL), '0|0|0', "upload $uploads: every row number is in products or in errors, once");
WITH rows AS (SELECT row_number FROM onboard.products WHERE upload_id = '$upload'
	UNION ALL SELECT DISTINCT row_number FROM onboard.validation_errors WHERE upload_id = '$upload')
SELECT (SELECT count(*) FROM generate_series(1, @{[ROWS]}) n WHERE NOT EXISTS (SELECT FROM rows WHERE row_number = n)),
	(SELECT count(*) FROM rows WHERE row_number NOT BETWEEN 1 AND @{[ROWS]}),
	(SELECT count(*) - count(DISTINCT row_number) FROM rows)
SQL
}
is(scalar @steps, 0, 'every planned kill happened');

# The result is the same as without kills.
for my $query (
	"SELECT md5(string_agg(concat_ws('|', upload_id, row_number, line_number, sku, vendor_product_id, product_name,
		price, stock_quantity, status, attributes), E'\n' ORDER BY upload_id, row_number)) FROM onboard.products",
	"SELECT md5(string_agg(concat_ws('|', upload_id, row_number, line_number, error_type, error_field, error_message,
		rejected_value, suggestion, original_data), E'\n' ORDER BY upload_id, row_number, error_type, error_field))
		FROM onboard.validation_errors",
	"SELECT md5(string_agg(concat_ws('|', upload_id, status, total_records, valid_records, error_records),
		E'\n' ORDER BY upload_id)) FROM onboard.upload_history")
{
	my ($table) = $query =~ /onboard\.(\w+)$/;

	is(server_says($query), $node->safe_psql('reference', $query), "$table is the same as without kills");
}

# After all these recoveries, the indexes match the heap.
SKIP:
{
	skip 'amcheck is not installed', 1
	  if $node->safe_psql('killed', "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") == 0;
	$node->safe_psql('killed', 'CREATE EXTENSION amcheck');
	is(server_says("SELECT count(bt_index_parent_check(indexrelid, true)) > 0 FROM pg_index
		WHERE indrelid IN ('onboard.products'::regclass, 'onboard.validation_errors'::regclass)"),
		't', 'indexes are sound');
}

# Replays: load the same file again, and its rows again through both doors.
my $before = table_sums($node, 'killed');
is(run_loader("$directory/$uploads.csv") >> 8, 1, 'loading the same file again has the same result');
my $last = server_says("SELECT upload_id FROM onboard.upload_history ORDER BY created_at DESC LIMIT 1");
server_says("INSERT INTO onboard.intake (upload_id, row_number, sku) SELECT '$last', n, 'other'
	FROM generate_series(1, @{[ROWS]}) n");
is(server_says(<<SQL), 't', 'a replayed row has its stored verdict');
SELECT bool_and(CASE i.status WHEN 'validated' THEN i.product_id = p.product_id ELSE i.status = 'error'
	AND p.product_id IS NULL END)
FROM onboard_ingest('$last', (SELECT jsonb_agg(jsonb_build_object('row_number', n, 'product', '{}'::jsonb))
	FROM generate_series(1, 2000) n)) i
	LEFT JOIN onboard.products p ON p.upload_id = '$last' AND p.row_number = i.row_number
SQL
is(table_sums($node, 'killed'), $before, 'replays change nothing');

# ----- where the kills hit -----

my %hits;
$hits{ $_->{point} }{ $_->{victim} }++ for @log;
for my $point (sort keys %hits)
{
	note "$point: " . join ', ', map { "$_ $hits{$point}{$_}" } sort keys %{ $hits{$point} };
}
cmp_ok(scalar @log, '>=', 30, 'at least thirty kills');
cmp_ok($kills_of_loader, '==', (grep { $_->{victim} eq 'loader' } @log), 'the loader died once for each kill');
is((grep { $_->{point} eq 'in_copy' && $_->{backend} !~ /^active COPY/ } @log), 0,
	'kills inside COPY hit the backend in COPY');
is((grep { $_->{point} eq 'in_copy' && $_->{judged} != $_->{after} } @log), 0,
	'... and left no trace of the transaction');
is((grep { $_->{point} eq 'between' && ($_->{backend} !~ /^idle/ || $_->{status} ne 'processing' || $_->{judged} == 0
	|| $_->{judged} != $_->{after}) } @log),
	0, 'kills between transactions hit after a commit, before the next transaction');
is((grep { $_->{point} eq 'reply_lost' && ($_->{backend} !~ /^idle COMMIT/ || $_->{judged} <= $_->{seen}
	|| $_->{judged} != $_->{after}) } @log),
	0, 'kills between commit and reply hit after a commit unknown to the loader');
is((grep { $_->{point} eq 'ending' && $_->{backend} !~ /^active COPY/ } @log), 0,
	'kills at the end of COPY hit before it ended');
note 'kills at the end of COPY after the commit: ' . (grep { $_->{point} eq 'ending' && $_->{judged} != $_->{after} } @log);

$node->stop;
done_testing();
