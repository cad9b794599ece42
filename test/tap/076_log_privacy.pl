# The server's log contains ids, counts and codes, but no product values, for
# every interface and every error.
#
# Each product value is a canary.  Statements here contain no values themselves,
# because the server logs the text of a failed statement.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

use constant CANARY => 'Canary';

my $columns = 'upload_id, row_number, line_number, vendor_product_id, product_name, category, sku, price, '
	. 'stock_quantity';
my $node = new_server('privacy', <<'CONF');
log_min_messages = notice
log_lock_waits = on
deadlock_timeout = 50ms
CONF
my $folder = PostgreSQL::Test::Utils::tempdir();
my $end_of_log = 0;
my $uploads = 0;

add_database($node, 'privacy', 'PRI-1', 'PRI-2');
$node->safe_psql('privacy', <<'SQL');
CREATE TABLE records (what text PRIMARY KEY, json text);
CREATE TABLE staging (n int PRIMARY KEY, sku text, name text DEFAULT 'Canary name', attributes jsonb);
GRANT ALL ON records, staging TO loader;
SQL

# Return what the server has logged since the last call
sub logged
{
	my $log = slurp_file($node->logfile, $end_of_log);

	$end_of_log += length $log;
	return $log;
}

sub begin_upload
{
	my $name = 'file-' . ++$uploads;

	return $node->safe_psql('privacy', "SELECT onboard_begin_upload('PRI-1', '$name')");
}

# Run statements as a loader; returns the error
sub told
{
	my ($sql) = @_;
	my $error;

	$node->psql('privacy', $sql, stderr => \$error, extra_params => [ '-U', 'loader', '-v', 'VERBOSITY=verbose' ]);
	return $error;
}

# The statement fails, and the log says only that.
sub is_private
{
	my ($what, $sql, $state, @expected) = @_;

	logged();
	my $error = told($sql);
	my $log = logged();

	like($error, qr/(ERROR|FATAL): +$state:/, "$what: $state");
	like($log, qr/ERROR: /, "$what: is logged") if $error ne '';
	unlike($log, qr/canary/i, "$what: without a value");
	like($log, $_, "$what: the log says where") for @expected;
	return;
}

# COPY lines, sent by the client from a file; "U" stands for the upload.
sub copy_is_private
{
	my ($what, $options, $lines, $state, @expected) = @_;
	my $upload = begin_upload();
	my $list = $options =~ s/^\((.*?)\) *// ? $1 : $columns;

	write_file("$folder/lines", join '', map { s/^U\b/$upload/r } @$lines);
	is_private($what, "\\copy onboard.intake ($list) from '$folder/lines' $options", $state, @expected);
	return;
}

sub text_line
{
	my ($n) = @_;

	return join("\t", 'U', $n, $n + 1, "Canary-v$n", 'Canary name', 'Canary category', "Canary-s$n", '1.00', '1')
		. "\n";
}

sub csv_line
{
	my ($n) = @_;

	return text_line($n) =~ tr/\t/,/r;
}

my @good = map { csv_line($_) } 1 .. 500;
my $csv = 'with (format csv)';

# Errors of COPY itself, in the first line and after many
for my $before ([], \@good)
{
	my $n = @$before + 1;
	my $where = qr/COPY intake, line $n\b/;
	my $text = [ map { tr/,/\t/r } @$before ];
	my $upload = "U\t$n\t$n\tCanary";
	my $at = "line $n";

	copy_is_private("a field too many in $at", $csv, [ @$before, csv_line($n) =~ s/$/,Canary/r ], '22P04', $where);
	copy_is_private("a field too few in $at", $csv, [ @$before, "U,$n,$n,Canary\n" ], '22P04', $where);
	copy_is_private("no number in $at", $csv, [ @$before, "U,Canary,$n,,,,,,\n" ], '22P02',
		qr/$where, column row_number/);
	copy_is_private("too great a number in $at", '', [ @$text, "U\t99999999999999999999\t1\tCanary\t\t\t\t\t\n" ],
		'22003', $where);
	copy_is_private("a quote without end in $at", $csv, [ @$before, "U,$n,$n,\"Canary,,,,,\n" ], '22P04');
	copy_is_private("bytes of no character in $at", '', [ @$text, "U\t$n\t$n\tCanary\xff\t\t\t\t\t\n" ], '22021',
		$where);
	copy_is_private("a character in no encoding in $at", "with (encoding 'windows-1252')",
		[ @$text, "U\t$n\t$n\tCanary\x81\t\t\t\t\t\n" ], '22P05', $where);
	copy_is_private("a carriage return in $at", '', [ @$text, "U\t$n\t$n\tCanary\r\t\t\t\t\t\n" ], '22P04', $where);
}
copy_is_private('a header of another file', 'with (format csv, header match)', [ csv_line(1) =~ s/^U/Canary/r ],
	'22P04', qr/COPY intake, line 1/);
copy_is_private('a binary row', "(upload_id, row_number) with (format binary)",
	[ "PGCOPY\n\377\r\n\0", pack('NNnNa6Na6', 0, 0, 2, 6, 'Canary', 6, 'Canary') ], '08P01',
	qr/COPY intake, line 1, column row_number/);

# Attributes, and the cells that a map changed, which the door reads by itself
for my $bad ([ '{"Canary": Canary', '22P02' ], [ '{"Canary": "Canary"', '22P02' ], [ 'Canary', '22P02' ],
	[ '{"Canary": "\\\\u0000Canary"}', '22P05' ], [ '{"Canary": "\\\\udeadCanary"}', '22P02' ],
	[ '{"Canary": 1}', '22023' ], [ '{"Canary": {"Canary": "Canary"}}', '22023' ], [ '["Canary"]', '22023' ],
		[ '"Canary"', '22023' ])
{
	my ($json, $state) = @$bad;
	my $good = qq(U\t%d\t{"Canary": "Canary"}\n);
	my $line = "U\t3\t$json\n";

	for my $column ('attributes', 'source_cells')
	{
		my $columns = "(upload_id, row_number, $column)";

		copy_is_private("$column $json in line 1", $columns, [$line], $state, qr/COPY intake, line 1\b/);
		copy_is_private("$column $json in line 3", $columns, [ sprintf($good, 1), sprintf($good, 2), $line ], $state,
			qr/COPY intake, line 3\b/);
	}
}

# Columns in the wrong order
copy_is_private('a value for upload_id', '(row_number, upload_id)', ["1\tCanary\n"], '42704', qr/COPY intake, line 1/);
copy_is_private('a value for defect_type', '(upload_id, row_number, defect_type)',
	[ "U\t1\tMALFORMED_ROW\n", "U\t2\tCanary\n" ], '22023', qr/COPY intake, line 2/);

# Rows of other tables
my $upload = begin_upload();
my $insert = 'INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category, sku, price,
	stock_quantity, attributes)';
my $from_staging = "$insert SELECT 'U', n, sku, name, 'Books', sku, '1.00', '1', attributes FROM staging";
my %records = (
	'not an array' => '{"Canary": "Canary"}',
	'not an object' => '["Canary"]',
	'a value for row_number' => '[{"row_number": "Canary", "product": {"sku": "Canary"}}]',
	'row_number 0' => '[{"row_number": 0, "product": {"sku": "Canary"}}]',
	'a value for the product' => '[{"row_number": 1, "product": "Canary"}]',
	'a value for a defect' => '[{"row_number": 1, "defect": "Canary"}]',
	'a defect of unknown type' => '[{"row_number": 1, "defect": {"error_type": "Canary", "raw": "Canary"}}]',
	'an unknown key' => '[{"row_number": 1, "Canary": "Canary", "product": {"sku": "Canary"}}]',
	'two products' => '[{"row_number": 1, "product": {"sku": "Canary"}, "defect": {"error_type": "MALFORMED_ROW", '
		. '"message": "Canary"}}]',
	'a value in a value' => '[{"row_number": 1, "product": {"sku": {"Canary": "Canary"}, "Canary": ["Canary"]}}]');

$node->safe_psql('privacy', "INSERT INTO records VALUES ('$_', '$records{$_}')") for keys %records;
logged();
for my $what (sort keys %records)
{
	my $json = "(SELECT json::jsonb FROM records WHERE what = '$what')";

	told("SELECT count(*) FROM onboard_ingest('$upload', $json); SELECT count(*) FROM onboard_check('PRI-1', $json);
		SELECT count(*) FROM onboard_validate('PRI-1', $json -> 0 -> 'product')");
	unlike(logged(), qr/canary/i, "records with $what");
}

# Objects that users added to the catalogue
my @departures = (
	[ 'a check', 'ALTER TABLE onboard.products ADD CHECK (price > 5)', '' ],
	[ 'a unique constraint', 'ALTER TABLE onboard.products ADD UNIQUE (product_name)', '' ],
	[ 'an exclusion constraint', 'ALTER TABLE onboard.products ADD EXCLUDE (product_name WITH =)', '' ],
	[ 'an index that cannot store text', 'CREATE INDEX ON onboard.products ((product_name::int))', '' ],
	[ 'a trigger that refuses', 'CREATE TRIGGER t BEFORE INSERT ON onboard.products FOR EACH ROW
		EXECUTE FUNCTION refuse(\'P0001\')', '' ],
	[ 'a trigger that cannot', 'CREATE TRIGGER t BEFORE INSERT ON onboard.products FOR EACH ROW
		EXECUTE FUNCTION refuse(\'53100\')', '53100' ]);

$node->safe_psql('privacy', <<'SQL');
INSERT INTO staging SELECT n, 'Canary-' || n FROM generate_series(1, 3) n;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = TG_ARGV[0],
	MESSAGE = 'refused'; END $$;
SQL
for my $departure (@departures)
{
	my ($what, $ddl, $state) = @$departure;
	my $u = begin_upload();
	my $load = "BEGIN; $ddl; " . ($from_staging =~ s/U/$u/r) . '; ROLLBACK';
	my ($error, $log);

	logged();
	$node->psql('privacy', $load, stderr => \$error, extra_params => [ '-v', 'VERBOSITY=sqlstate' ]);
	$log = logged();
	like($error, $state eq '' ? qr/^$/ : qr/$state/, "$what: outcome");
	unlike($log, qr/canary/i, "$what: is logged without a value");
	like($log, qr/onboard upload "$u"/, "$what: the log says where") if $state ne '';
}

# Other sessions
sub session
{
	my ($name) = @_;
	my %session = (name => $name, in => '', out => '');

	$session{run} = IPC::Run::start([ 'psql', '-XqAt', '-d',
		$node->connstr('privacy') . " user=loader application_name=$name" ],
		'<', \$session{in}, '>', \$session{out}, '2>&1', IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%session;
}

sub say_to
{
	my ($session, $sql) = @_;

	$session->{in} .= "$sql\n";
	$session->{run}->pump_nb while length $session->{in};
	return;
}

# Wait until the session has run all its input
sub wait_for
{
	my ($session) = @_;

	say_to($session, '\echo done');
	$session->{run}->pump until $session->{out} =~ s/done\n//;
	return;
}

sub wait_for_lock
{
	my ($session) = @_;

	$node->poll_query_until('privacy', "SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = '$session->{name}' AND wait_event_type = 'Lock'")
	  or die "$session->{name} waits for no lock";
	return;
}

my ($one, $two) = (session('one'), session('two'));
my @loads = map { my $u = begin_upload(); $from_staging =~ s/U/$u/r } 1 .. 2;

logged();
say_to($one, "BEGIN; $loads[0] WHERE n = 1;");
wait_for($one);
say_to($two, "BEGIN; $loads[1] WHERE n = 2;");
wait_for($two);
say_to($one, "$loads[0] WHERE n = 2;");
wait_for_lock($one);
say_to($two, "$loads[1] WHERE n = 1;");
wait_for($_) for $one, $two;
my $log = logged();
like($log, qr/deadlock detected/, 'a deadlock');
unlike($log, qr/canary/i, 'a deadlock: without a value');
say_to($_, 'ROLLBACK;') for $one, $two;

say_to($one, "BEGIN; $loads[0] WHERE n = 3;");
wait_for($one);
for my $door ('INSERT', 'COPY')
{
	my $u = begin_upload();

	write_file("$folder/lines", csv_line(3) =~ s/^U/$u/r =~ s/Canary-[vs]3/Canary-3/gr =~ s/Canary category/Books/r);
	my $load = $door eq 'INSERT' ? ($from_staging =~ s/U/$u/r) . ' WHERE n = 3'
		: "\\copy onboard.intake ($columns) from '$folder/lines' $csv";

	is_private("$door that times out", "SET statement_timeout = '200ms';\n$load", '57014');
	is_private("$door that waited too long", "SET onboard.lock_wait = '100ms';\n$load", '55P03');
	logged();
	say_to($two, $door eq 'INSERT' ? "$load;" : $load);
	wait_for_lock($two);
	$node->safe_psql('privacy', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'two'));
	wait_for($two);
	$log = logged();
	like($log, qr/canceling statement due to user request/, "$door that is cancelled");
	unlike($log, qr/canary/i, "$door that is cancelled: without a value");
}
say_to($one, 'ROLLBACK;');
for my $session ($one, $two)
{
	$session->{in} .= "\\q\n";
	$session->{run}->finish;
}

# Calls on uploads; a value in the statement itself is logged with the
# statement.
for my $call ("onboard_begin_upload('PRI-1', '')", "onboard_begin_upload('PRI-9', 'a.csv')",
	"onboard_begin_upload('PRI-1', 'a.csv', metadata => jsonb_build_object('reported_at', (SELECT min(name)
	FROM staging)))",
	"onboard_begin_upload((SELECT min(name) FROM staging), 'a.csv')",
		"onboard_begin_upload('PRI-1', (SELECT repeat(min(name), 5000) FROM staging))",
	"onboard_reject_upload('$upload', 'NO_SUCH_CODE', (SELECT min(name) FROM staging))")
{
	logged();
	told("SELECT $call");
	unlike(logged(), qr/canary/i, $call);
}
told("INSERT INTO onboard.intake (upload_id, row_number, attributes) VALUES ('$upload', 1, '{Canary')");
like(logged(), qr/Canary/, 'PostgreSQL logs a statement that it cannot parse');

$node->stop;
done_testing();
