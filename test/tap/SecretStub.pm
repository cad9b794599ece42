# Secrets Manager for a test: answer GetSecretValue with the current contents of a file, and count the calls.

package SecretStub;

use strict;
use warnings FATAL => 'all';

use IO::Socket::INET;
use JSON::PP ();
use POSIX ();

# file contains the secret; calls are counted in file.count.
sub new
{
	my ($class, $file) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5, ReuseAddr => 1)
	  or die "cannot listen: $!";
	my $child = fork() // die "cannot fork: $!";

	if ($child == 0)
	{
		# Do not run the test's END blocks, which stop its server.
		$SIG{TERM} = 'DEFAULT';
		$SIG{PIPE} = 'IGNORE';
		eval { answer($listener, $file) while 1 };
		print STDERR "# secrets: $@";
		POSIX::_exit(1);
	}
	return bless { child => $child, file => $file, url => 'http://127.0.0.1:' . $listener->sockport }, $class;
}

sub url { return $_[0]{url}; }

# Return how often the secret was requested.
sub count { return -s "$_[0]{file}.count" // 0; }

sub stop
{
	my ($self) = @_;

	kill 'TERM', $self->{child};
	waitpid $self->{child}, 0;
	return;
}

# Handle one connection with one call.
sub answer
{
	my ($listener, $file) = @_;
	my $client = $listener->accept or return;
	my $text = '';

	while ($text !~ /\r\n\r\n/ || length($') < ($text =~ /content-length: *(\d+)/i ? $1 : 0))
	{
		sysread $client, $text, 65536, length $text or return;
	}
	open my $count, '>>', "$file.count" or die;
	print $count 'x';
	close $count;
	open my $secret, '<', $file or die "$file: $!";
	local $/ = undef;
	my $body = JSON::PP->new->encode({ Name => 'given', VersionId => 'v' x 32, SecretString => <$secret>,
		VersionStages => ['AWSCURRENT'] });
	my $good = $text =~ /^x-amz-target: secretsmanager\.GetSecretValue\r$/mi && $text =~ /"SecretId":"shop\/database"/;

	print $client $good ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 400 Bad Request\r\n",
	  "Content-Type: application/x-amz-json-1.1\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
	return close $client;
}

1;
