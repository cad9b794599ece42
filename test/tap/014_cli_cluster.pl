# The private server: created, started and stopped by the program, reachable
# only through a private socket.  Tests that need root are in
# root/cli_cluster.pl.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;

CliTest::setup();

my ($out, $err, $code);

sub server_pid
{
	my ($home) = @_;

	return (split /\n/, read_file("$home/data/postmaster.pid"))[0];
}

# A zombie is not a running process.
sub is_alive
{
	my ($process) = @_;

	return read_file("/proc/$process/stat") =~ /.*\) [^ZX]/s;
}

# Stopping a server that does not exist
($out) = is_exit(0, 'stop without a server', 'stop');
like($out, qr/is not running/, 'says so');
ok(!-e "$work/home", 'and creates none');

# Concurrent starts create one server
my @racers = map { start_onboard('vendor', 'list') } 1 .. 4;
for my $racer (@racers)
{
	($code, $out, $err) = slurp_output($racer);
	is($code, 0, 'concurrent starts all get a server') or diag($err);
}
my $pid = server_pid("$work/home");
ok(is_alive($pid), 'a server runs');
is_deeply([ glob "$work/home/unfinished-*" ], [], 'no unfinished cluster is left');

# Properties of the server
is(sql('SHOW listen_addresses'), '', 'it listens on no address');
is(sql('SHOW server_encoding'), 'UTF8', 'its databases are UTF-8');
is(sql('SHOW data_checksums'), 'on', 'it has checksums');
is(sql("SELECT string_agg(name || '=' || setting, ',' ORDER BY name) FROM pg_settings
	WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"),
	'fsync=on,full_page_writes=on,synchronous_commit=on', 'it is durable');
is((stat "$work/home/run")[2] & 07777, 0700, 'no other user can reach the socket');
is((stat "$work/home/data")[2] & 077, 0, 'nor the data');
my $owner = (stat "/proc/$pid")[4];
is($owner, (stat "$work/home/data")[4], 'it runs as the owner of its data');
isnt($owner, 0, 'not as root');
is(sql("SELECT script FROM onboard_version()"), (run_onboard('--version'))[1] =~ /(\S+)$/ ? $1 : '',
	'the extension is of the program\'s version');

# The log contains no vendors' data
add_vendor('V');
write_file('canary.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity\n"
	. "K-1,canary-value,Kitchen,canary-sku,canary-price,3\n");
is_exit(1, 'a load', 'load', 'canary.csv', '--vendor', 'V');
run_onboard('psql', '--', '-c', "SELECT 'canary-statement'::int");
is(scalar(grep { read_file($_) =~ /canary-(?:value|sku|price)/ } glob "$work/home/data/log/* $work/home/start.log"), 0,
	'the log holds no values of products');

# Stop and start
($out) = is_exit(0, 'stop', 'stop');
like($out, qr/was stopped/, 'says so');
ok(!is_alive($pid), 'the server is gone');
is(sql('SELECT count(*) FROM onboard.vendors'), 1, 'the next command starts it again, with all data');

# A killed server recovers, even if the next command finds it still dying
for my $round (1 .. 5)
{
	kill 'KILL', server_pid("$work/home");
	is(sql('SELECT count(*) FROM onboard.vendors'), 1, 'after a crash it is running again');
}

# An extension of another version is updated to the program's
is(sql('SELECT count(*) FROM pg_extension WHERE extname = \'onboard\''), 1, 'the extension is there');
sql('DROP EXTENSION onboard CASCADE');
($out) = is_exit(0, 'without its extension', 'vendor', 'list');
like($out, qr/There are no vendors yet/, 'it is created again');

# psql
($out) = is_exit(0, 'psql', 'psql', '--', '-Atc', 'SELECT current_database()');
is($out, "onboard\n", 'is connected to the private database');
is_exit(0, 'an option of psql\'s after the dashes', 'psql', '--', '--version');

# The environment and --db take precedence over the private server
($code, $out, $err) = run_onboard('status', '--retry-for', '0', { env => { PGHOST => '/nowhere' } });
is($code, 4, 'PGHOST is used');
($code, $out, $err) = run_onboard('status', { env => { PGHOST => "$work/home/run", PGUSER => 'onboard',
	PGDATABASE => 'onboard' } });
is($code, 0, 'and works') or diag($err);
($code, $out, $err) = run_onboard('status', { env => { PGHOST => "$work/home/run", PGUSER => 'onboard',
	PGDATABASE => 'postgres' } });
is($code, 4, 'a database without the extension');
like($err, qr/database "postgres" has no extension onboard; run CREATE EXTENSION onboard in it/, 'says what to do');
($code, $out, $err) = run_onboard('status', '--db', conninfo() =~ s/dbname=\w+/dbname=nothing/r);
is($code, 4, 'a database that does not exist');
like($err, qr/the database does not exist/, 'says so immediately');

# Long paths, and paths with blanks: the socket moves elsewhere
for my $folder ("$work/with a blank", "$work/" . 'long/' x 25 . 'home')
{
	($code, $out, $err) = run_onboard('vendor', 'list', { env => { ONBOARD_HOME => $folder, XDG_RUNTIME_DIR => '' } });
	is($code, 0, 'a home with a difficult path works') or diag($err);
	my $socket = (split /\n/, read_file("$folder/data/postmaster.pid"))[4];
	like($socket, qr{^/tmp/onboard-\d+-[0-9a-f]{16}$}, 'its socket is in a short folder');
	is((stat $socket)[2] & 07777, 0700, 'which no other user can enter');
	is((run_onboard('stop', { env => { ONBOARD_HOME => $folder } }))[0], 0, 'and it stops');
	rmdir $socket;
}

# Unusable homes
write_file('file', '');
($code, $out, $err) = run_onboard('vendor', 'list', { env => { ONBOARD_HOME => "$work/file" } });
is($code, 4, 'a home that is a file');
like($err, qr/set ONBOARD_HOME to another/, 'says what to do');
($code, $out, $err) = run_onboard('vendor', 'list', { env => { ONBOARD_HOME => "$work/other",
	ONBOARD_PG_BINDIR => '/nowhere' } });
is($code, 4, 'no PostgreSQL');
like($err, qr{cannot run /nowhere/initdb; install PostgreSQL's server, set ONBOARD_PG_BINDIR, or use --db},
	'says what to do');

for my $character ('"', '$', '`', "\\", "\n")
{
	($code, $out, $err) = run_onboard('vendor', 'list', { env => { ONBOARD_HOME => "$work/a${character}b" } });
	is($code, 3, 'a path with which the server cannot be started');
	like($err, qr/choose another one/, 'is refused immediately');
}

done_testing();
