# The executable bootstrap under a Lambda Runtime API: how it starts and ends,
# how it handles faults of the API, and its database connection: TLS fully
# verified, kept, reconnected after a loss, through pgbouncer.

use strict;
use warnings FATAL => 'all';

use IO::Socket::INET;
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

use HandlerTest;
use OnboardTest;
use Patience;
use PgProxy;
use RuntimeApi;
use SecretStub;

plan skip_all => 'no program at ' . RuntimeApi::program() unless -x RuntimeApi::program();
plan skip_all => 'the server was built without OpenSSL' unless HandlerTest::has_tls();

my $folder = PostgreSQL::Test::Utils::tempdir();
my $api = RuntimeApi->new($folder);
my $secret_file = "$folder/secret.json";
my @passwords = map { "pass/word'$_ \\" . int(rand 1_000_000_000) } 1 .. 3;
my %environment = (DATABASE_SECRET_FILE => $secret_file, DATABASE_PAUSE_SECONDS => 1,
	DATABASE_CONNECT_MS => 3000, AWS_REGION => 'eu-central-1');

sub slurp
{
	my ($path) = @_;

	return PostgreSQL::Test::Utils::slurp_file($path);
}

# ----- settings, version, help -----

my $readme = slurp(source_root() . '/glue/lambda/README.md');
my ($settings_table, $version_line, $help) = ('', '', '');
IPC::Run::run([ RuntimeApi::program(), '--settings' ], '>', \$settings_table);
is($?, 0, '--settings');
ok(length $settings_table > 2000 && index($readme, $settings_table) >= 0,
	'glue/lambda/README.md has the same table of variables')
  or diag "missing there:\n", grep { index($readme, $_) < 0 } split /^/m, $settings_table;
IPC::Run::run([ RuntimeApi::program(), '--version' ], '>', \$version_line);
is($?, 0, '--version');
like(slurp(source_root() . '/onboard.control'),
	qr/^default_version = '\Q@{[ $version_line =~ m{^bootstrap \(onboard\) (\S+)$} ]}\E'$/m,
	'the version matches the extension');

IPC::Run::run([ RuntimeApi::program(), '--help' ], '>', \$help);
is($?, 0, '--help');
like($help, qr/^Usage: bootstrap \[HANDLER\].*^Handlers: check, .*\bvalidator\b/ms, 'it names the handlers');
my ($handlers) = $help =~ /^Handlers: (.*?)\./ms;
my ($section) = $readme =~ /^## Handlers\n(.*?)^#/ms;
is_deeply([ sort $section =~ /^\| `(\w+)` \|/mg ], [ sort split /,\s+/, $handlers ],
	'glue/lambda/README.md has a row for each handler');

# ----- without a database: start, exit, faults of the API -----

sub fails_to_start
{
	my ($name, $type, $message, $environment, @arguments) = @_;

	$api->start($environment, @arguments);
	my $call = $api->next_call;
	is("$call->{method} $call->{path}", 'POST /2018-06-01/runtime/init/error', "$name: an init error");
	$api->reply($call, 202, {}, '{}');
	my $json = JSON::PP->new->utf8->decode($call->{body});
	is($json->{errorType}, $type, "$name: its type");
	is($call->{headers}{'lambda-runtime-function-error-type'}, $type, "$name: in the header too");
	like($json->{errorMessage}, $message, "$name: its message");
	is($api->wait_end, 1, "$name: ends with status 1");
	my @errors = grep { ($_->{level} // '') eq 'error' } $api->log_lines;
	is(scalar @errors, 1, "$name: one line in the log");
	return $json->{errorMessage};
}

fails_to_start('no handler', 'Runtime.NoSuchHandler',
	qr/neither as the first argument nor in _HANDLER; available handlers: check/, {});
fails_to_start('an empty _HANDLER', 'Runtime.NoSuchHandler', qr/neither/, { _HANDLER => '' });
fails_to_start('an unknown handler', 'Runtime.NoSuchHandler', qr/unknown handler "cheque"; available handlers: check/,
	{ _HANDLER => 'cheque' });
fails_to_start('the argument wins', 'Runtime.NoSuchHandler', qr/unknown handler "other"/, { _HANDLER => 'check' }, 'other');
my $message = fails_to_start('an invalid setting', 'Runtime.InvalidSettings',
	qr/^SETTINGS: LOCK_TIMEOUT_MS must be a whole number from 100 to 900000$/,
	{ %environment, LOCK_TIMEOUT_MS => '5s' }, 'check');
unlike($message, qr/5s/, 'its value is not repeated');
fails_to_start('no region', 'Runtime.InvalidSettings', qr/^NO_REGION: /, { %environment, AWS_REGION => undef },
	'check');
fails_to_start('an invalid choice', 'Runtime.InvalidSettings', qr/LOG_LEVEL must be debug, info, warning or error$/,
	{ %environment, LOG_LEVEL => 'loud' }, 'check');

$api->start({ AWS_LAMBDA_RUNTIME_API => undef }, 'check');
is($api->wait_end, 1, 'it exits without AWS_LAMBDA_RUNTIME_API');
like(($api->log_lines)[0]{error_text}, qr/AWS_LAMBDA_RUNTIME_API must be set/, 'and logs the reason');

for my $fault ([ 'status 500', status => 500 ], [ 'status 403', status => 403 ],
	[ 'no request id', headers => { 'Lambda-Runtime-Aws-Request-Id' => '' } ],
	[ 'a request id that is a path', headers => { 'Lambda-Runtime-Aws-Request-Id' => '../init' } ],
	[ 'no deadline', headers => { 'Lambda-Runtime-Deadline-Ms' => '' } ])
{
	my ($name, @options) = @$fault;

	$api->start({ %environment, _HANDLER => 'check' });
	$api->give('{}', @options);
	@{ $api->{all_calls} } = ();
	is($api->wait_end, 1, "/next with $name: ends with status 1");
	is_deeply($api->{all_calls}, [], 'and makes no further request');
	is(($api->log_lines)[0]{error_code}, 'RUNTIME_API', 'the log says why');
}

# ----- the database -----

my $node = HandlerTest::new_tls_server($folder, 'lambda', "log_min_error_statement = panic\n");
add_database($node, 'shop');
my $host = '127.0.0.1';
my $port = $node->port;
my $ca = slurp("$folder/authority.pem");
my $other_ca = HandlerTest::make_authority($folder, 'wrong');

sub set_password
{
	my ($password) = @_;
	my $literal = $password =~ s/'/''/gr;

	$node->safe_psql('postgres', "SET password_encryption = 'scram-sha-256'; ALTER ROLE loader PASSWORD E'"
		. ($literal =~ s/\\/\\\\/gr) . "'");
	return;
}

sub secret
{
	my (%changes) = @_;
	my %secret = (engine => 'postgres', host => $host, port => $port, dbname => 'shop',
		username => 'loader', password => $passwords[0], ca => $ca, %changes);

	delete $secret{$_} for grep { !defined $secret{$_} } keys %secret;
	return JSON::PP->new->canonical->encode(\%secret);
}

sub write_secret
{
	write_file($secret_file, secret(@_));
	return;
}

sub is_fine
{
	my ($reply, $name) = @_;

	return is_deeply([ $reply->{kind}, $reply->{json}{database} ], [ 'response', 'ok' ], $name)
	  || diag $reply->{body};
}

sub is_error
{
	my ($reply, $pattern, $name) = @_;

	is($reply->{kind}, 'error', $name);
	is($reply->{json}{errorType}, 'Function.InfrastructureError', "$name: its type");
	return like($reply->{json}{errorMessage}, $pattern, "$name: its message");
}

# The one backend of bootstrap, which is idle.
sub backend
{
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = 'onboard'");
}

sub start_check
{
	my (%more) = @_;

	$api->stop;
	$api->start({ %environment, _HANDLER => 'check', %more });
	return;
}

set_password($passwords[0]);
write_secret();
my $version = $node->safe_psql('shop', 'SELECT library FROM onboard_version()');

start_check();
my $reply = $api->invoke('{"any":"thing"}', headers =>
	{ 'Lambda-Runtime-Trace-Id' => 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700' });
is_fine($reply, 'check answers');
is($reply->{json}{$_}, $version, "check returns the version: $_") for qw(program library script);
like($reply->{json}{ruleset}, qr/^\d+$/, 'and the version of the rules');
is($reply->{headers}{'content-length'}, length $reply->{body}, 'the response has a Content-Length');
is($node->safe_psql('postgres', "SELECT ssl FROM pg_stat_ssl WHERE pid = " . backend()), 't',
	'the connection is encrypted');
my @authorities = glob "$folder/onboard-ca-*";
is(scalar @authorities, 1, 'the CA certificate is in one file');
is((stat $authorities[0])[2] & 07777, 0600, 'readable only by its owner');
my $metrics = $api->last_metrics;
is($metrics->{_aws}{CloudWatchMetrics}[0]{Namespace}, 'EcommerceProductOnboarding', 'metrics are written');
is($metrics->{Retries}, 0, 'no retry');
is($metrics->{request_id}, $api->{id}, 'with the request id');

my $first = backend();
is_fine($api->invoke('{}'), 'check answers again');
is(backend(), $first, 'uses the same connection');
is(scalar(() = glob "$folder/onboard-ca-*"), 1, 'and the same file');

# The measurements of the database's machine become metrics.
$node->safe_psql('shop', 'CREATE SCHEMA onboard_host; GRANT USAGE ON SCHEMA onboard_host TO PUBLIC;
	CREATE VIEW onboard_host.status AS SELECT 1000::bigint AS total_bytes, 199::bigint AS free_bytes,
		86400::bigint AS certificate_seconds, NULL::bigint AS backup_age_seconds;
	GRANT SELECT ON onboard_host.status TO PUBLIC');
is_fine($api->invoke('{}'), 'check answers with a status of the machine');
$metrics = $api->last_metrics;
is_deeply([ @$metrics{qw(DatabaseDiskUsed DatabaseCertificateSeconds)} ], [ 81, 86400 ], 'which becomes metrics');
ok(!exists $metrics->{DatabaseBackupSeconds}, 'but not what is unknown');
is_deeply([ sort map { $_->{Name} } @{ $metrics->{_aws}{CloudWatchMetrics}[0]{Metrics} } ],
	[qw(DatabaseCertificateSeconds DatabaseDiskUsed)], 'and these are all that cost');
$node->safe_psql('shop', 'DROP SCHEMA onboard_host CASCADE');

# Faults of the API after the work is done.
for my $status (413, 400, 403)
{
	$api->wait_next;
	@{ $api->{all_calls} } = ();
	$api->invoke('{}', answer => $status);
	$api->wait_next;
	is_deeply([ map { s{.*/}{}r } @{ $api->{all_calls} } ], [ 'response', 'next' ],
		"status $status for a response: final, without /error");
}
is_fine($api->invoke('{}'), 'and the next invocation succeeds');
$api->invoke('{}', answer => 500);
is($api->wait_end, 1, 'status 500 for a response ends the process');

# ----- authentication -----

start_check();
write_secret(host => 'localhost');
is_error($api->invoke('{}'), qr/^08001: .*does not match host name "localhost"/, 'a server with another name');
write_secret(ca => $other_ca);
is_error($api->invoke('{}'), qr/^08001: .*certificate verify failed/, 'a server of another CA');
# A name may have several addresses: the one where no server listens explains less.
write_secret(host => "127.0.0.2,$host", ca => $other_ca);
is_error($api->invoke('{}'), qr/^08001: .*certificate verify failed/, 'a server of another CA at the second address');
start_check();
write_secret(ca => undef);
is_error($api->invoke('{}'), qr/^SECRET_INVALID: .*DATABASE_CA_FILE is not set/, 'no CA');
start_check(DATABASE_CA_FILE => "$folder/authority.pem");
is_fine($api->invoke('{}'), 'a CA from a file');
start_check();
write_secret(dbname => "host=/nowhere sslmode=disable dbname=shop");
is_fine($api->invoke('{}'), 'a connection string as database name cannot disable TLS');
is($node->safe_psql('postgres', "SELECT ssl FROM pg_stat_ssl WHERE pid = " . backend()), 't', 'it is encrypted');
start_check();
write_secret(password => undef);
is_error($api->invoke('{}'), qr/^SECRET_INVALID: the database secret has no string password$/,
	'a secret without a password');
write_file($secret_file, '{"password":"');
is_error($api->invoke('{}'), qr/^SECRET_INVALID: the database secret is not a JSON object$/, 'a truncated secret');
unlink $secret_file;
is_error($api->invoke('{}'), qr/^SECRET_UNREADABLE: /, 'no secret');

# ----- rotation -----

start_check();
write_secret();
is_fine($api->invoke('{}'), 'before the rotation');
$first = backend();
set_password($passwords[1]);
write_secret(password => $passwords[1]);
is_fine($api->invoke('{}'), 'after the rotation');
is(backend(), $first, 'uses the existing connection');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($first)");
is_fine($api->invoke('{}'), 'uses the new password');
isnt(backend(), $first, 'and a new connection');
is($api->last_metrics->{Retries}, 1, 'one retry');

# The secret is used until the server rejects it: a pipe returns the old one,
# and once it is open, a file with the new one takes its name.
start_check(DATABASE_SECRET_FILE => "$folder/pipe");
write_file("$folder/new", secret(password => $passwords[1]));
POSIX::mkfifo("$folder/pipe", 0600) or die "mkfifo: $!";
my $writer = fork() // die;
if ($writer == 0)
{
	alarm HANG_SECONDS;
	open my $pipe, '>', "$folder/pipe" or POSIX::_exit(1);
	rename "$folder/new", "$folder/pipe" or POSIX::_exit(1);
	print $pipe secret(password => $passwords[0]);
	close $pipe;
	POSIX::_exit(0);
}
is_fine($api->invoke('{}'), 'the password was changed before the first connection');
waitpid $writer, 0;
is($?, 0, 'the secret was read from the pipe first');
is($api->last_metrics->{Retries}, 1, 'which is one retry');

start_check();
write_secret(password => $passwords[2]);
is_error($api->invoke('{}'), qr/^28P01: the database refused the login/, 'a wrong password');

# The same from Secrets Manager.
write_secret(password => $passwords[1]);
my $secrets = SecretStub->new($secret_file);
start_check(DATABASE_SECRET_FILE => undef, DATABASE_SECRET_ID => 'shop/database', DATABASE_FAILURES => 10,
	AWS_ENDPOINT_URL => $secrets->url,
	AWS_ACCESS_KEY_ID => 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY => 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY');
is_fine($api->invoke('{}'), 'the secret from Secrets Manager');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(" . backend() . ")");
is_fine($api->invoke('{}'), 'on a new connection');
is($secrets->count, 1, 'the secret was read once');
set_password($passwords[0]);
write_secret();
$node->safe_psql('postgres', "SELECT pg_terminate_backend(" . backend() . ")");
is_fine($api->invoke('{}'), 'after a rotation');
is($secrets->count, 2, 'the secret was read again');
is($api->last_metrics->{Retries}, 2, 'two retries: the connection, and the password');
write_secret(password => $passwords[2]);
$node->safe_psql('postgres', "SELECT pg_terminate_backend(" . backend() . ")");
is_fine($api->invoke('{}'), 'a cached secret is not reread');
is($secrets->count, 2, 'not even for a new connection');
set_password($passwords[1]);
$node->safe_psql('postgres', "SELECT pg_terminate_backend(" . backend() . ")");
is_error($api->invoke('{}'), qr/^28P01/, 'a wrong secret');
is($secrets->count, 3, 'is reread once');
write_secret(password => $passwords[1], dbname => 'nowhere');
is_error($api->invoke('{}'), qr/^3D000: the database does not exist/, 'a secret with another database');
write_secret(password => $passwords[1], dbname => 'dbname=shop target_session_attrs=planted');
is_error($api->invoke('{}'),
	qr/^BAD_PARAMETER: cannot connect to the database: libpq does not accept the value of target_session_attrs$/,
	'a secret with a parameter that libpq rejects');
write_secret(password => $passwords[1]);
is_fine($api->invoke('{}'), 'a corrected secret is read at once');
is($secrets->count, 6, 'each of them was read once');

# After the loss of its volume the server has a new certificate authority.
HandlerTest::make_certificates($folder);
$ca = slurp("$folder/authority.pem");
$node->restart;
is_error($api->invoke('{}'), qr/^08001: .*certificate verify failed/, 'a certificate of a new authority');
is($secrets->count, 7, 'for which the secret is reread once');
write_secret(password => $passwords[1]);
is_fine($api->invoke('{}'), 'a secret with the new authority is read at once');
is($secrets->count, 8, 'once more');
$api->stop;
$secrets->stop;

# ----- lost connections -----

start_check();
write_secret(password => $passwords[1]);
is_fine($api->invoke('{}'), 'before a restart');
$node->restart;
is_fine($api->invoke('{}'), 'after a restart');
is($api->last_metrics->{Retries}, 1, 'one retry');
$node->stop('immediate');
$node->start;
is_fine($api->invoke('{}'), 'after a crash');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(" . backend() . ")");
is_fine($api->invoke('{}'), 'after the backend was killed');

# A server message on an idle connection is not a connection loss.
$first = backend();
$node->append_conf('postgresql.conf', "DateStyle = 'SQL, DMY'\n");
$node->reload;
# Once a new session has the setting, existing ones have been notified, too.
$node->poll_query_until('postgres', 'SHOW DateStyle', 'SQL, DMY') or die 'the configuration was not reloaded';
is_fine($api->invoke('{}'), 'after the server has reloaded its configuration');
is(backend(), $first, 'on the same connection');

# An unreachable server: each attempt fails, then attempts are paused.
start_check(DATABASE_PAUSE_SECONDS => 3600);
is_fine($api->invoke('{}'), 'before an outage');
$node->stop;
is_error($api->invoke('{}'), qr/^08001: cannot reach the database at 127\.0\.0\.1: .*Connection refused/,
	"outage, attempt $_") for 1 .. 3;
is_error($api->invoke('{}'), qr/^DATABASE_PAUSED: /, 'then connecting is paused');
$node->start;
is_error($api->invoke('{}'), qr/^DATABASE_PAUSED: /, 'even after the server is back');
start_check();
$node->stop;
is_error($api->invoke('{}'), qr/^08001: /, "another outage, attempt $_") for 1 .. 3;
$node->start;
my $after;
wait_until(sub { ($after = $api->invoke('{}'))->{body} !~ /DATABASE_PAUSED/ }, 'the pause ends');
is_fine($after, 'it reconnects after the pause');

# ----- deadlines -----

is_error($api->invoke('{}', deadline => 1), qr/^DEADLINE: /, 'a deadline within the margin');
my $blocker = $node->background_psql('shop');
$blocker->query_safe('BEGIN; LOCK TABLE pg_catalog.pg_extension IN ACCESS EXCLUSIVE MODE');
# It must end by itself, or there would be no reply.  Double the deadline until
# it is long enough to reach the statement: the one that sets the server's
# limits, which therefore has none.
my ($deadline, $hanging) = (2);
do
{
	$hanging = $api->invoke('{}', deadline => $deadline *= 2);
} until $deadline > HANG_SECONDS || $node->safe_psql('shop',
	q(SELECT count(*) FROM pg_stat_activity WHERE usename = 'loader' AND wait_event_type = 'Lock'));
is_error($hanging, qr/^DEADLINE: the database did not answer in time/, 'a hanging statement ends before the deadline');
$blocker->query_safe('COMMIT');
$blocker->quit;
is_fine($api->invoke('{}'), 'and the next invocation succeeds');

# ----- lost replies of the database -----

# A proxy between a Unix socket without TLS and the server closes the connection
# when it sees a word in a statement, before or after forwarding it.
my $proxy = PgProxy->new($folder, $node->host . "/.s.PGSQL.$port");

sub through_proxy
{
	my ($word, $when) = @_;

	start_check();
	write_secret(host => $folder, port => $proxy->port, password => $passwords[1], ca => undef);
	$proxy->cut_once($word, $when);
	return $api->invoke('{}');
}

is_fine(through_proxy('BEGIN', 'before'), 'cut before BEGIN');
is($api->last_metrics->{Retries}, 1, 'one retry');
is_fine(through_proxy('onboard_version', 'after'), 'cut in the middle of the work: it is retried');
is($api->last_metrics->{Retries}, 1, 'one retry');
is_error(through_proxy('COMMIT', 'after'), qr/^08006/, 'cut at the end: the outcome is unknown, so it is not retried');
is($api->last_metrics->{Retries}, 0, 'no retry');
is($proxy->stop, 3, 'the proxy cut three times');

# ----- pgbouncer -----

SKIP:
{
	my $pgbouncer = (grep { -x } '/usr/sbin/pgbouncer', '/usr/bin/pgbouncer')[0]
	  or skip 'pgbouncer is not installed', 1;
	my $bouncer_port = PostgreSQL::Test::Cluster::get_free_port();
	my $verifier = $node->safe_psql('postgres', "SELECT rolpassword FROM pg_authid WHERE rolname = 'loader'");

	write_file("$folder/users.txt", qq("loader" "$verifier"\n));
	write_file("$folder/pgbouncer.ini", <<"INI");
[databases]
shop = host=@{[ $node->host ]} port=$port dbname=shop user=loader
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $bouncer_port
unix_socket_dir =
pool_mode = transaction
default_pool_size = 1
auth_type = scram-sha-256
auth_file = $folder/users.txt
client_tls_sslmode = require
client_tls_cert_file = $folder/server.crt
client_tls_key_file = $folder/server.key
logfile = $folder/pgbouncer.log
INI
	my $bouncer = fork() // die;
	if ($bouncer == 0)
	{
		open STDERR, '>', "$folder/pgbouncer.err";
		exec $pgbouncer, '-q', "$folder/pgbouncer.ini" or POSIX::_exit(127);
	}
	wait_until(sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$bouncer_port") }, 'pgbouncer listens');

	start_check();
	write_secret(port => $bouncer_port, password => $passwords[1]);
	is_fine($api->invoke('{}'), 'behind pgbouncer');
	my $second = RuntimeApi->new($folder);
	$second->start({ %environment, _HANDLER => 'check' });
	for my $turn (1 .. 3)
	{
		is_fine($_->invoke('{}'), "two sandboxes share one connection, turn $turn") for $api, $second;
	}
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE usename = 'loader'"), 1,
		'to the server');

	# What a transaction sets must not outlive it.
	my $quoted = $passwords[1] =~ s/([\\'])/\\$1/gr;
	my $settings = $node->safe_psql('shop',
		"SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('search_path')",
		connstr => "host=127.0.0.1 port=$bouncer_port dbname=shop user=loader password='$quoted' sslmode=require");
	is($settings, "0|0|\"\$user\", public", 'no setting outlives the transaction');

	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'loader'");
	is_fine($api->invoke('{}'), 'pgbouncer lost its connection to the server');
	set_password($passwords[2]);
	write_secret(port => $bouncer_port, password => $passwords[2]);
	start_check();
	is_error($api->invoke('{}'), qr/^(28P01|08P01)/, 'a password that pgbouncer rejects');
	$second->stop;
	kill 'INT', $bouncer;
	waitpid $bouncer, 0;
}

# ----- what must not be logged -----

$api->stop;
my $told = join '', map { slurp($_) } glob "$folder/bootstrap-*.log $folder/bootstrap-*.log.err";
cmp_ok(length $told, '>', 1000, 'there is a log');
unlike($told, qr/wJalrXUtnFEMI/, 'no AWS key in it');
ok(index($told, $_) < 0, 'no password in it') for @passwords,
	map { substr JSON::PP->new->allow_nonref->encode($_), 1, -1 } @passwords;
unlike($told, qr/password=|BEGIN CERTIFICATE|postgresql:/, 'no connection string either');
is(scalar(grep { !eval { JSON::PP->new->utf8->decode($_); 1 } } split /\n/, $told), 0,
	'each line is one JSON document');

done_testing();
