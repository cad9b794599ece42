# JSON output: one document for every result and every failure, RFC 3339
# timestamps, and the exit codes that the help lists.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Patience;
use POSIX qw(mkfifo);
use Test::More;

CliTest::setup();
add_vendor(qw(NORTHWIND SOUTHWIND));

my ($code, $out, $err);
my @fields = qw(class code exit_code hint message sqlstate);
my $moment = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
my @commands = (run_onboard('--help'))[1] =~ /^  (\w+(?: \w[\w-]*)?)  +\S/mg;
@commands = grep { !/^\d$/ } @commands;
cmp_ok(scalar @commands, '>=', 15, 'there are commands');

my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";
write_file('good.csv', $header . "G-1,Kettle,Kitchen,G-S1,12,3\n");
write_file('mixed.csv', $header . "M-1,Kettle,Kitchen,M-S1,12,3\nM-2,Kettle,Kitchn,M-S2,12,3\n");
write_file('other.csv', $header . "O-1,Kettle,Kitchen,O-S1,12,3\n");
write_file('empty.csv', '');
write_file('shop.map', qq{price = "Cost"\nproduct_name = "Title"\n});
write_file('list.csv', "value,replacement\nPots,Kitchen\n");
write_file('shop.csv', "vendor_product_id,Title,category,sku,Cost,stock_quantity\nS-1,Kettle,Kitchen,S-S1,12,3\n");

# Check for one document that agrees with the exit code and standard error
sub is_error
{
	my ($expected, $class, $error_code, @arguments) = @_;
	my $name = "onboard @arguments";
	my ($exit, $stdout, $stderr) = run_onboard(@arguments);
	my $document = json_of($stdout);
	my $error = ref $document eq 'HASH' ? $document->{error} // {} : {};

	is($exit, $expected, "$name: exit code") or diag("$stdout$stderr");
	is_deeply([ sort keys %$error ], \@fields, "$name: an error document");
	is($error->{class}, $class, "$name: class");
	like($error->{code} // '', $error_code, "$name: code");
	is($error->{exit_code}, $exit, "$name: its exit code");
	my ($told) = $stderr =~ /^onboard: (.*)$/m;
	is(index($told // '', $error->{message} // '-'), 0, "$name: the message of standard error") or diag($stderr);
	return ($error, $document);
}

# Usage errors of every command, and without a command
my ($error) = is_error(3, 'usage', qr/^USAGE$/, '--json');
is($error->{sqlstate}, undef, 'no SQLSTATE without a database');
is_error(3, 'usage', qr/^USAGE$/, 'frobnicate', '--json');
is_error(3, 'usage', qr/^USAGE$/, '--json', $_) for 'vendor', 'category';
is_error(3, 'usage', qr/^USAGE$/, 'vendor', 'lst', '--json');
is_error(3, 'usage', qr/^USAGE$/, 'load', '--max-rows', 'many', 'good.csv', '--json', '--vendor', 'NORTHWIND');
for my $command (@commands)
{
	($error) = is_error(3, 'usage', qr/^USAGE$/, split(/ /, $command), '--frobnicate', '--json');
	is($error->{hint}, "Try \"onboard $command --help\".", "$command: where to read more");
	is_error(3, 'usage', qr/^USAGE$/, '--json', split(/ /, $command), '--frobnicate');
}
($code, $out) = run_onboard('vendor', 'add', 'X', '--name', '--json');
is($out, '', 'a value is no option');
($code, $out) = run_onboard('--json', "fr\xFFb");
like(json_of($out)->{error}{message}, qr/"fr\x{FFFD}b"/, 'bytes that are not UTF-8 are replaced');

# No database, for every command that needs one
my %arguments = (
	load => [ 'good.csv', '--vendor', 'NORTHWIND' ],
	check => [ 'good.csv', '--vendor', 'NORTHWIND' ],
	diff => [ 'good.csv', '--vendor', 'NORTHWIND', '--mode', 'update' ],
	report => ['U'],
	mail => ['U'],
	fix => ['U'],
	undo => ['U'],
	approve => ['U'],
	decline => ['U'],
	history => ['SKU'],
	'vendor add' => [ 'V', '--name', 'V', '--email', 'v@example.com' ],
	'vendor show' => ['NORTHWIND'],
	'vendor set' => [ 'NORTHWIND', '--city', 'Oslo' ],
	'vendor set-status' => [ 'NORTHWIND', 'active' ],
	'category add' => ['Lamps'],
	'category rename' => [ 'Bathroom', 'Bathrooms' ],
	'category deactivate' => ['Lamps'],
	'category remove' => ['Lamps'],
	'map show' => [qw(shop --vendor NORTHWIND)],
	'map set' => [qw(shop shop.map --vendor NORTHWIND)],
	'map remove' => [qw(shop --vendor NORTHWIND)],
	'map test' => [qw(shop.csv --vendor NORTHWIND --map-file shop.map)],
	'map guess' => [qw(shop.csv --vendor NORTHWIND)],
	'map values' => [qw(kinds list.csv --vendor NORTHWIND)],
	'map rate' => [qw(EUR USD 1.0832)],
);
my @away = ('--db', 'host=/nowhere', '--retry-for', '0');
for my $command (grep { (run_onboard(split(/ /, $_), '--help'))[1] =~ /--db/ } @commands)
{
	next if $command =~ /^(?:psql|template)$/;
	($error) = is_error(4, 'infrastructure', qr/^08001$/, split(/ /, $command), @{ $arguments{$command} // [] }, @away,
		'--json');
	is($error->{sqlstate}, '08001', "$command: the SQLSTATE");
}

is_exit(4, "onboard template $_->[0] without a database", 'template', @$_, @away) for ['--explain'], [qw(--format xlsx)];

# Objects that do not exist
is_error(2, 'not_found', qr/^UNKNOWN_VENDOR$/, $_, 'good.csv', '--vendor', 'NOBODY', '--json') for qw(load check);
is_error(2, 'not_found', qr/^UNKNOWN_VENDOR$/, @$_, '--json')
  for [qw(vendor set-status NOBODY active)], [qw(vendor show NOBODY)], [qw(vendor set NOBODY --city Oslo)],
  	[qw(status --vendor NOBODY)], [qw(held --vendor NOBODY)], [qw(history SKU --vendor NOBODY)],
  	[qw(diff good.csv --vendor NOBODY --mode update)], [qw(map list --vendor NOBODY)], [qw(map show shop --vendor NOBODY)],
  	[qw(map set shop shop.map --vendor NOBODY)], [qw(map remove shop --vendor NOBODY)],
  	[qw(map values kinds list.csv --vendor NOBODY)], [qw(map test shop.csv --vendor NOBODY)],
  	[qw(map guess shop.csv --vendor NOBODY)];
is_error(2, 'not_found', qr/^UNKNOWN_MAP$/, @$_, '--json')
  for [qw(map show nothing)], [qw(map remove nothing --vendor NORTHWIND)], [qw(load shop.csv --vendor NORTHWIND --map nothing)],
  	[qw(check shop.csv --vendor NORTHWIND --map nothing)], [qw(vendor set NORTHWIND --default-map nothing)];
is_exit(0, 'a map is stored', qw(map set kept shop.map --vendor NORTHWIND));
is_error(2, 'not_found', qr/^UNKNOWN_VALUE_LIST$/, qw(map values nothing --vendor NORTHWIND --json));
is_error(2, 'not_found', qr/^UNKNOWN_UPLOAD$/, $_, 'nothing', '--json') for qw(status report mail undo held approve decline);
is_error(2, 'not_found', qr/^UNKNOWN_PRODUCT$/, qw(history nothing --json));
is_error(2, 'not_found', qr/^UNKNOWN_CATEGORY$/, @$_, '--json')
  for [qw(category deactivate Nothing)], [qw(category rename Nothing Something)], [qw(category remove Nothing)];
is_error(2, 'not_found', qr/^UNKNOWN_CATEGORY$/, qw(category add Something --parent Nothing --json));

# Files
is_error(2, 'file', qr/^UNREADABLE_FILE$/, $_, 'nothing.csv', '--vendor', 'NORTHWIND', '--json') for qw(load check);
my ($refusal, $document) = is_error(2, 'file', qr/^EMPTY_FILE$/, 'load', 'empty.csv', '--vendor', 'NORTHWIND',
	'--json');
is($document->{status}, 'failed', 'a refused file has its upload beside the error');
is_error(2, 'file', qr/^EMPTY_FILE$/, 'check', 'empty.csv', '--vendor', 'NORTHWIND', '--json');

# Rejected values
is_error(3, 'usage', qr/^USAGE$/, qw(vendor set-status NORTHWIND asleep --json));
is_error(3, 'usage', qr/^USAGE$/, qw(vendor add NORTHWIND --name N --email n@example.com --json));

# Errors of the database have its SQLSTATE and hint
sql("CREATE ROLE plain LOGIN");
sql("SELECT onboard_grant_loader('plain')");
($error) = is_error(4, 'infrastructure', qr/^42501$/, qw(vendor add MINE --name N --email m@example.com --json --db),
	conninfo('plain'));
is($error->{sqlstate}, '42501', 'the SQLSTATE of the server');

# System errors: the load succeeds, but the reports cannot be written
write_file('in-the-way', '');
($code, $out, $err) = run_onboard(qw(load mixed.csv --vendor NORTHWIND --reports in-the-way --json));
is($code, 4, 'reports that cannot be written');
$document = json_of($out);
is($document->{valid_records}, 1, 'the result is included');
is($document->{error}{code}, 'WRITE_ERROR', 'and the error');
is($document->{error}{exit_code}, 4, 'with the exit code');
my $upload = $document->{upload_id};
is_error(4, 'infrastructure', qr/^WRITE_ERROR$/, 'report', $upload, '--reports', 'in-the-way', '--json');

# A signal
mkfifo("$work/fifo", 0600) or die "mkfifo: $!";
open my $fifo, '+<', "$work/fifo" or die "fifo: $!";
my $process = start_onboard(qw(check - --vendor NORTHWIND --json), { stdin => "$work/fifo" });
wait_until(sub {
	# It catches SIGINT from the start.
	my ($caught) = read_file("/proc/$process->{child}/status") =~ /^SigCgt:\s*[0-9a-f]*([0-9a-f])$/m;

	return defined $caught && hex($caught) & 2;
}, 'it catches SIGINT');
kill INT => $process->{child};
($code, $out, $err) = slurp_output($process);
is($code, 4, 'interrupted');
is(json_of($out)->{error}{code}, 'INTERRUPTED', 'is reported as JSON');
close $fifo;

# Options before the command, between its words and after it
my ($expected) = is_exit(0, 'status --json', qw(status --json));
is((is_exit(0, '--json status', qw(--json status)))[0], $expected, 'the same');
($expected) = is_exit(0, 'vendor list --json', qw(vendor list --json));
is((is_exit(0, "onboard @$_", @$_))[0], $expected, 'the same')
  for [qw(--json vendor list)], [qw(vendor --json list)], [ '--db', conninfo(), '--json', 'vendor', 'list' ],
  [ '--db=' . conninfo(), 'vendor', '--retry-for', '5', 'list', '--json' ];
is_exit(1, 'an option of its own before a command', '--vendor', 'NORTHWIND', '-q', 'check', 'mixed.csv');
is_exit(0, 'help', qw(--json status --help));
is_error(3, 'usage', qr/^USAGE$/, '--db', conninfo(), 'template', '--json');

# Every command with a result prints it as JSON
for my $command (grep { (run_onboard(split(/ /, $_), '--help'))[1] !~ /--json/ } @commands)
{
	like($command, qr/^(?:template|psql)$/, "$command has no --json, because its output is not a result");
}
($out) = is_exit(0, 'conninfo --json', qw(conninfo --json));
is(json_of($out)->{dbname}, 'onboard', 'conninfo as JSON');

# Timestamps
sql(q(ALTER DATABASE onboard SET timezone = 'Asia/Kolkata'));
sql(q(ALTER DATABASE onboard SET datestyle = 'German'));
is_exit(0, 'a load', qw(load good.csv --vendor NORTHWIND --no-reports));
my $good = sql("SELECT upload_id FROM onboard.upload_history WHERE file_name = 'good.csv'");
is_exit(0, 'undone', 'undo', $good);
my $seen = 0;

sub check_moments
{
	my ($value, $name, $key) = @_;

	check_moments($_, $name, $key) for ref $value eq 'ARRAY' ? @$value : ();
	check_moments($value->{$_}, $name, $_) for ref $value eq 'HASH' ? sort keys %$value : ();
	return if ref $value || !defined $value;
	if ($key =~ /_at$/ || $value =~ /^\d{4}-\d\d-\d\d/)
	{
		$seen++;
		like($value, $moment, "$name: $key");
	}
	unlike($key, qr/epoch/, "$name: no other form");
	return;
}

for my $command ([qw(status)], [ 'status', $good ], [ 'status', $upload ], [ 'report', $upload ],
	[qw(vendor list)], [qw(category list)], [qw(check mixed.csv --vendor NORTHWIND)],
	[qw(load mixed.csv --vendor NORTHWIND)], [qw(conninfo)], [qw(history M-S1)], [qw(held)])
{
	check_moments(json_of((run_onboard(@$command, '--json'))[1]), "@$command", '');
}
cmp_ok($seen, '>=', 12, 'there are moments');
$document = json_of((run_onboard('status', $good, '--json'))[1]);
is($document->{created_at}, sql(qq(SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.') ||
	to_char(floor(extract(milliseconds FROM created_at AT TIME ZONE 'UTC'))::int % 1000, 'FM000') || 'Z'
	FROM onboard.upload_history WHERE upload_id = '$good')), 'in UTC, whatever the time zone of the database');
ok(defined $document->{undone_at}, 'and when it was undone');
sql(qq(UPDATE onboard.upload_history SET created_at = '2026-03-29 00:59:59.9999+00' WHERE upload_id = '$good'));
is(json_of((run_onboard('status', $good, '--json'))[1])->{created_at}, '2026-03-29T00:59:59.999Z', 'cut, not rounded');

# Suggestions
my %meant = (
	'vendr add' => 'vendor add',
	'vendors' => 'vendor',
	'vendor ad' => 'vendor add',
	'vendor set-statsu' => 'vendor set-status',
	'vendors list' => 'vendor list',
	'categry list' => 'category list',
	'category deactivat' => 'category deactivate',
	'categories' => '',
	'laod good.csv' => 'load',
	'vendor frobnicate' => '',
);
for my $words (sort keys %meant)
{
	($code, $out, $err) = run_onboard(split / /, $words);
	is($code, 3, "onboard $words: exit code 3");
	like($err, qr/; did you mean "\Q$meant{$words}\E"\?\n/, "$words: suggests $meant{$words}") if $meant{$words};
	unlike($err, qr/did you mean/, "$words: suggests nothing") unless $meant{$words};
}
for my $words ('vendor', 'category', 'vendor frobnicate')
{
	my ($group) = $words =~ /^(\w+)/;

	($code, $out, $err) = run_onboard(split / /, $words);
	is($code, 3, "onboard $words: exit code 3");
	like($err, qr/^  \Q$_\E +\S/m, "onboard $words: lists $_") for grep { /^$group / } @commands;
}
for my $case (
	[ 'NORTHWIND', qw(load good.csv --vendor northwind) ], [ 'NORTHWIND', qw(check good.csv --vendor NORHTWIND) ],
	[ 'SOUTHWIND', qw(vendor set-status south active) ], [ '"Kitchen"', qw(category deactivate kitchen) ],
	[ '"Kitchen"', qw(category add Pans --parent Kitchn) ], [ $good, 'status', lc $good ],
	[ $good, 'undo', $good . '0' ], [ $good, 'report', substr($good, 0, -1) . 'x' ])
{
	my ($meant, @arguments) = @$case;

	($out, $err) = is_exit(2, "onboard @arguments", @arguments);
	like($err, qr/; did you mean \Q$meant\E\?\n/, "suggests $meant");
}
($out, $err) = is_exit(2, 'a vendor without a similar name', qw(load good.csv --vendor ZZZ));
like($err, qr/vendor "ZZZ" does not exist; see "onboard vendor list"/, 'points to the list');

# No suggestion reveals another vendor's ids
sql("CREATE ROLE southwind LOGIN");
sql("SELECT onboard_grant_vendor('southwind', 'SOUTHWIND')");
($code, $out, $err) = run_onboard('status', lc $good, '--db', conninfo('southwind'));
is($code, 2, 'an upload of another vendor');
unlike($err, qr/did you mean/, 'is not suggested');
($code, $out, $err) = run_onboard(qw(check good.csv --vendor northwind --db), conninfo('southwind'));
is($code, 2, 'nor is another vendor');
unlike($err, qr/NORTHWIND/, 'whose id is not revealed');

# onboard doctor for a database that needs attention
sql('CREATE DATABASE open');
my $open = conninfo() =~ s/dbname=\w+/dbname=open/r;
run_onboard('psql', '--', '-Xqd', $open, '-c', 'GRANT CREATE ON SCHEMA public TO PUBLIC', '-c',
	'CREATE EXTENSION onboard');

# A held row that cannot be applied, because its product was deleted
my $held = 'NORTHWIND-held';
sql("INSERT INTO onboard.upload_history (upload_id, vendor_id, file_name, mode, ruleset_version, total_records,
		valid_records, held, status)
	VALUES ('$held', 'NORTHWIND', 'held.csv', 'update', 1, 1, 1, 1, 'partial');
	INSERT INTO onboard.held_rows (upload_id, vendor_id, row_number, line_number, product_id, cause,
		current_value, new_value, input)
	VALUES ('$held', 'NORTHWIND', 1, 2, 999999, 'price', '1.00', '9999.00',
		'{\"vendor_product_id\": \"GONE\", \"price\": \"9999.00\"}')");

write_file('unfixable.csv', $header . "U-1,Kettle,Kitchen,U-S1,many,3\n");
my $unfixable = json_of((run_onboard(qw(load unfixable.csv --vendor NORTHWIND --no-reports --json)))[1])->{upload_id};

# Every command returns exactly the exit codes that its help lists
my %ends = (
	load => { 0 => [qw(good.csv --vendor SOUTHWIND)], 1 => [qw(mixed.csv --vendor NORTHWIND)],
		2 => [qw(empty.csv --vendor NORTHWIND)] },
	check => { 0 => [qw(other.csv --vendor NORTHWIND)], 1 => [qw(mixed.csv --vendor NORTHWIND)],
		2 => [qw(empty.csv --vendor NORTHWIND)] },
	diff => { 0 => [qw(other.csv --vendor NORTHWIND --mode upsert)], 1 => [qw(mixed.csv --vendor NORTHWIND --mode upsert)],
		2 => [qw(empty.csv --vendor NORTHWIND --mode upsert)] },
	status => { 0 => [], 2 => ['U'] },
	held => { 0 => [], 2 => ['U'] },
	approve => { 0 => [$upload], 1 => [$held], 2 => ['U'] },
	decline => { 0 => [$upload], 2 => ['U'] },
	history => { 0 => ['M-S1'], 2 => ['nothing'] },
	report => { 0 => [$upload], 2 => ['U'] },
	mail => { 0 => [$upload], 2 => ['U'] },
	fix => { 0 => [$good], 1 => [$unfixable], 2 => ['nothing'] },
	undo => { 0 => [$upload], 2 => ['U'] },
	template => { 0 => [] },
	'vendor add' => { 0 => [qw(NEW --name N --email new@example.com)] },
	'vendor list' => { 0 => [] },
	'vendor set-status' => { 0 => [qw(NORTHWIND active)], 2 => [qw(NOBODY active)] },
	'vendor show' => { 0 => ['NORTHWIND'], 2 => ['NOBODY'] },
	'vendor set' => { 0 => [qw(NORTHWIND --city Bergen)], 2 => [qw(NOBODY --city Bergen)] },
	'category rename' => { 0 => [qw(Bedroom Bedrooms)], 2 => [qw(Nothing Bedrooms)] },
	'category remove' => { 0 => ['Lamps'], 2 => ['Nothing'] },
	'category add' => { 0 => ['Lamps'], 2 => [qw(Shades --parent Nothing)] },
	'category list' => { 0 => [] },
	'category deactivate' => { 0 => ['Lamps'], 2 => ['Nothing'] },
	'map set' => { 0 => [qw(shop shop.map --vendor NORTHWIND)], 2 => [qw(shop nothing.map --vendor NORTHWIND)] },
	'map show' => { 0 => [qw(kept --vendor NORTHWIND)], 2 => ['nothing'] },
	'map list' => { 0 => [], 2 => [qw(--vendor NOBODY)] },
	'map test' => { 0 => [qw(shop.csv --vendor NORTHWIND --map kept)], 2 => [qw(nothing.csv --vendor NORTHWIND)] },
	'map guess' => {
		0 => [qw(good.csv --vendor NORTHWIND)],
		1 => [qw(shop.csv --vendor NORTHWIND)],
		2 => [qw(nothing.csv --vendor NORTHWIND)]
	},
	'map values' => { 0 => [qw(kinds list.csv --vendor NORTHWIND)], 2 => [qw(nothing --vendor NORTHWIND)] },
	'map rate' => { 0 => [qw(EUR USD 1.0832)] },
	'map remove' => { 0 => [qw(shop --vendor NORTHWIND)], 2 => [qw(nothing --vendor NORTHWIND)] },
	doctor => { 0 => [], 1 => [ '--db', $open ] },
	conninfo => { 0 => [] },
	psql => {
		0 => [qw(-- -Xqc), ''],
		1 => [ '--', '-Xqc', 'SELECT 1/0' ],
		2 => [ '--', '-Xqc', 'SELECT pg_terminate_backend(pg_backend_pid())' ],
		3 => [ '--', qw(-Xq -v ON_ERROR_STOP=1 -f), write_file('wrong.sql', 'SELECT 1/0;') ],
	},
	stop => { 0 => [] },
);
is_deeply([ sort keys %ends ], [ sort @commands ], 'every command is tried');
for my $command (@commands)
{
	my @words = split / /, $command;
	my ($help) = (run_onboard(@words, '--help'))[1] =~ /^Exit codes:\n(.*)/ms;
	my @documented = $help =~ /^  (\d)  /mg;
	my %tried = (3 => ['--frobnicate'], %{ $ends{$command} });

	is_deeply([ sort keys %tried, 4 ], \@documented, "$command --help has its exit codes");
	is_exit($_, "onboard $command ends with $_", @words, @{ $tried{$_} }) for sort keys %tried;
}
# Standard output that cannot be written
my %arguments_again = (%arguments, load => [qw(good.csv --vendor SOUTHWIND)], psql => \@away, status => [],
	report => [$upload], fix => [$upload], mail => [$upload],
	undo => [ sql('SELECT upload_id FROM onboard.upload_history WHERE status = \'completed\' LIMIT 1') ],
	diff => [qw(other.csv --vendor NORTHWIND --mode upsert)], held => [], approve => [$upload], decline => [$upload],
	history => ['M-S1'], 'map show' => [qw(kept --vendor NORTHWIND)], 'map remove' => [qw(shop --vendor NORTHWIND)]);
for my $command (@commands)
{
	my @line = ($CliTest::onboard, split(/ /, $command), @{ $arguments_again{$command} // [] });
	my $status = system 'sh', '-c', 'exec "$@" > /dev/full 2> /dev/null', 'sh', @line;

	is($status >> 8, 4, "onboard $command ends with 4");
}

done_testing();
