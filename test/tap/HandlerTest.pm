# Tests of handlers that need a server and the emulated services: this module creates the
# server, with TLS and passwords, and test/aws/tests/NAME.py does the rest.

package HandlerTest;

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;
use RuntimeApi;

my $host = '127.0.0.1';

sub openssl
{
	my ($folder, @arguments) = @_;

	PostgreSQL::Test::Utils::system_log("openssl @arguments >>$folder/openssl.log 2>&1") == 0
	  or die 'openssl failed: ' . PostgreSQL::Test::Utils::slurp_file("$folder/openssl.log");
	return;
}

# Create a private certificate authority, NAME.pem; return its text.
sub make_authority
{
	my ($folder, $name) = @_;

	openssl($folder, 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2',
		"-subj /CN=$name -keyout $folder/$name.key -out $folder/$name.pem");
	return PostgreSQL::Test::Utils::slurp_file("$folder/$name.pem");
}

# Create the authority authority.pem, and a certificate for the server's address and for an unresolvable name.
sub make_certificates
{
	my ($folder) = @_;

	make_authority($folder, 'authority');
	write_file("$folder/names", "subjectAltName = IP:$host, DNS:db.shop.internal\n");
	openssl($folder, 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=shop',
		"-keyout $folder/server.key -out $folder/server.csr");
	openssl($folder, "x509 -req -in $folder/server.csr -CA $folder/authority.pem -CAkey $folder/authority.key",
		"-CAcreateserial -days 2 -extfile $folder/names -out $folder/server.crt");
	chmod 0600, "$folder/server.key" or die;
	return;
}

# Return whether the server was built with OpenSSL.
sub has_tls
{
	return `pg_config --configure` =~ /openssl/;
}

# Start a server that requires passwords on its port, and trusts connections to its Unix socket.
sub new_tls_server
{
	my ($folder, $name, $settings) = @_;
	my $node = new_server($name, $settings);
	my $port = PostgreSQL::Test::Cluster::get_free_port();

	make_certificates($folder);
	$node->append_conf('postgresql.conf', <<"CONF");
listen_addresses = '$host'
port = $port
ssl = on
ssl_cert_file = '$folder/server.crt'
ssl_key_file = '$folder/server.key'
CONF
	$node->stop;
	$node->{_port} = $port;
	unlink $node->data_dir . '/pg_hba.conf';
	$node->append_conf('pg_hba.conf', "local all all trust\nhostssl all all $host/32 scram-sha-256\n");
	$node->start;
	return $node;
}

# Run the Python tests in a file and report each as a test of this one. Their seeds and
# injected faults are in the log of every run.
sub run_python
{
	my ($node, $folder, $file, %environment) = @_;
	my $root = source_root();
	my $python = ($ENV{ONBOARD_TEST_ENVIRONMENT} // "$root/build/aws-environment") . '/bin/python';

	plan skip_all => "no Python environment with $python; run: make deps-test" unless -x $python;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => getpwuid($<) . '',
		ONBOARD_BOOTSTRAP => RuntimeApi::program(), ONBOARD_TEST_HOST => $host,
		ONBOARD_TEST_CA => "$folder/authority.pem", ONBOARD_TEST_FOLDER => $folder,
		ONBOARD_TEST_SERVER_LOG => $node->logfile, %environment);
	my ($planned, $count) = (-1, 0);

	open my $tests, '-|', $python, "$root/test/aws/tests/run.py", $file or die "cannot run $file: $!";
	while (my $line = <$tests>)
	{
		chomp $line;
		if ($line =~ /^(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$/)
		{
			my ($failed, $name, $reason) = ($1, $2, $3);

			$count++;
			SKIP:
			{
				skip "$name: $reason", 1 if defined $reason;
				ok(!$failed, $name);
			}
		}
		elsif ($line =~ /^1\.\.(\d+)$/)
		{
			$planned = $1;
		}
		elsif ($line =~ /^# (.*)/)
		{
			diag($1);
		}
	}
	close $tests;
	is($?, 0, "$file ends with status 0");
	is($count, $planned, "$file has run all of its tests");
	return;
}

1;
