# A permanent connection error ends the program immediately and says what to
# correct; transient errors are retried.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Patience;
use IO::Socket::INET;
use Test::More;

CliTest::setup();
add_vendor('V');
write_file('file.csv', "vendor_product_id,product_name,category,sku,price,stock_quantity\n"
	. "C-1,Kettle,Kitchen,C-S1,10.00,3\n");
sql("CREATE ROLE loader LOGIN; SELECT onboard_grant_loader('loader'); CREATE ROLE nobody_else LOGIN;"
	  . " CREATE ROLE full LOGIN CONNECTION LIMIT 0; CREATE ROLE asleep;
		REVOKE CONNECT ON DATABASE onboard FROM PUBLIC;"
	  . ' GRANT CONNECT ON DATABASE onboard TO loader, "full"');

my $where = "host=$work/home/run dbname=onboard user=loader";
my ($out, $err, $code);

# Check that the program retries for one second and says so.
sub load
{
	my ($database, %environment) = @_;

	return run_onboard('load', 'file.csv', '--vendor', 'V', '--retry-for', '1',
		defined $database ? ('--db', $database) : (),
		{ env => \%environment });
}

sub fails_at_once
{
	my ($expected, $message, $name, $database, %environment) = @_;

	($code, $out, $err) = load($database, %environment);
	is($code, $expected, "$name: the exit code");
	like($err, $message, "$name: what is wrong");
	is(scalar(() = $err =~ /\n/g), $message =~ /\\n/ ? 2 : 1, "$name: in one line, a hint in another");
	unlike($err, qr/retrying|gave up/, "$name: without another attempt");
	unlike($err, qr/canary/, "$name: and no value is told");
	return;
}

# Wait until new sessions see the reloaded configuration.
sub reload
{
	my $before = sql('SELECT pg_conf_load_time()');

	sql('SELECT pg_reload_conf()');
	wait_until(sub { sql('SELECT pg_conf_load_time()') ne $before }, 'the server reads its files again');
	return;
}

# Wrong parameters: exit code 3, usage error
fails_at_once(3, qr/: the port is not a number from 1 to 65535; correct --db, or the PG\* variables$/, "port $_",
	"$where port=$_") for 0, 65536, 99999;
fails_at_once(3, qr/: not a number: port; correct --db/, 'a port that is not a number', "$where port=canary");
fails_at_once(3, qr/: not a number: port; correct --db/, 'the same in a URI',
	'postgresql://loader@localhost:canary/onboard');
fails_at_once(3, qr/: not a number: keepalives_idle; correct --db/, 'another number',
	'host=127.0.0.1 port=1 keepalives_idle=canary');
fails_at_once(3, qr/: libpq does not accept the value of sslmode; correct --db/, 'a bad sslmode',
	"$where sslmode=canary");
fails_at_once(3, qr/: libpq does not accept the value of target_session_attrs; correct --db/, 'another bad value',
	"$where target_session_attrs=canary");
fails_at_once(3, qr/option --db is not a connection string; write it like/, 'an unknown option', "$where canary=1");
fails_at_once(3, qr/option --db is not a connection string; write it like/, 'in a URI',
	'postgresql://localhost/onboard?canary=1');
fails_at_once(3, qr/: the service is not defined; correct --db/, 'an undefined service', 'service=canary');
fails_at_once(3, qr/: the port is not a number from 1 to 65535; correct --db, or the PG\* variables$/,
	'in the environment', undef,
	PGHOST => "$work/home/run", PGPORT => '99999');
fails_at_once(3, qr/: libpq does not accept the value of sslmode; correct/, 'another one there', undef,
	PGHOST => "$work/home/run", PGSSLMODE => 'canary');

# Refused by the server: exit code 4
fails_at_once(4, qr/^onboard: the database refused the login; check user and password$/, 'a role that does not exist',
	"$where user=canary");
fails_at_once(4, qr/^onboard: the database refused the login; check user and password$/, 'a role that may not log in',
	"$where user=asleep");
fails_at_once(4, qr/^onboard: the database does not exist on the server$/, 'a database that does not exist',
	"$where dbname=canary");
fails_at_once(4, qr/^onboard: the login may not connect to the database\nConnect as a role that may do this \(--db\)/,
	'a database that the role may not use', "$where user=nobody_else");
fails_at_once(4, qr/^onboard: database "postgres" has no extension onboard/, 'a database without onboard',
	"$where dbname=postgres");
is(sql("SELECT count(*) FROM onboard.upload_history"), 0, 'none of these creates an upload');

# A wrong password where one is required
my $hba = "$work/home/data/pg_hba.conf";
my $rules = read_file($hba);
sql("ALTER ROLE loader PASSWORD 'right'");
write_file($hba, "local all loader scram-sha-256\n$rules");
reload();
fails_at_once(4, qr/^onboard: the database refused the login; check user and password$/, 'a wrong password', $where,
	PGPASSWORD => 'canary');
fails_at_once(4, qr/^onboard: the database requires a password; use PGPASSWORD or a password file$/, 'none', $where);
($code, $out, $err) = load($where, PGPASSWORD => 'right');
is($code, 0, 'the right one') or diag($err);
write_file($hba, $rules);
reload();

# Transient errors are retried: no server yet, no connection free.
sub is_waited_for
{
	my ($message, $name, $database) = @_;

	($code, $out, $err) = load($database);
	is($code, 4, "$name: exit code 4");
	like($err,
		qr/^onboard: $message; gave up after 1 second; make sure that the database is running, then run the same command again$/m,
		"$name: it was waited for");
	return;
}
my $closed = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die;
my $port = $closed->sockport;
close $closed;
is_waited_for(qr/cannot reach the database at 127\.0\.0\.1: Connection refused/, 'a port without a listener',
	"host=127.0.0.1 port=$port");
is_waited_for(qr/cannot reach the database at \/nowhere: No such file or directory/, 'a socket that does not exist',
	'host=/nowhere');
is_waited_for(qr/the database has no free connections/, 'no free connection', "$where user=full");

done_testing();
