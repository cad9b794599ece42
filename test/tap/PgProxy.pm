# A proxy for a server's Unix socket that closes both sides if the client sends a given
# word. It listens on its own Unix socket.

package PgProxy;

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IO::Socket::UNIX;
use POSIX ();

use constant PORT => 5999;

# folder is the folder of its socket; server is the path of the server's socket.
sub new
{
	my ($class, $folder, $server) = @_;
	my $path = "$folder/.s.PGSQL." . PORT;
	my $plan = "$folder/proxy.plan";
	my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 5) or die "cannot listen: $!";
	my $child = fork() // die "cannot fork: $!";

	if ($child == 0)
	{
		# Do not run the test's END blocks, which stop its server.
		$SIG{TERM} = 'DEFAULT';
		$SIG{PIPE} = 'IGNORE';
		eval { run($listener, $server, $plan) };
		print STDERR "# proxy: $@";
		POSIX::_exit(1);
	}
	return bless { child => $child, plan => $plan, cuts => 0 }, $class;
}

sub port { return PORT; }

# Cut the next connection whose client sends the word: "before" it reaches the server, or
# "after" the server has replied.
sub cut_once
{
	my ($self, $word, $when) = @_;

	$self->count;
	open my $file, '>', $self->{plan} or die "$self->{plan}: $!";
	print $file "$when $word";
	close $file or die;
	return;
}

# The plan is removed after it was executed.
sub count
{
	my ($self) = @_;

	$self->{cuts}++ if $self->{planned} && !-e $self->{plan};
	unlink $self->{plan};
	$self->{planned} = 1;
	return;
}

# Stop the proxy; return the number of connections that were cut.
sub stop
{
	my ($self) = @_;

	$self->count;
	kill 'TERM', $self->{child};
	waitpid $self->{child}, 0;
	return $self->{cuts};
}

sub read_plan
{
	my ($path) = @_;

	open my $file, '<', $path or return;
	local $/ = undef;
	return split / /, <$file> // '', 2;
}

sub run
{
	my ($listener, $server, $plan) = @_;
	my $select = IO::Select->new($listener);
	my (%peer, %is_client, %doomed);

	while (1)
	{
		for my $handle ($select->can_read)
		{
			if ($handle == $listener)
			{
				my $client = $handle->accept or next;
				my $upstream = IO::Socket::UNIX->new(Peer => $server) or do { close $client; next };

				@peer{ $client, $upstream } = ($upstream, $client);
				$is_client{$client} = 1;
				$select->add($client, $upstream);
				next;
			}
			next unless $peer{$handle};
			my $length = sysread $handle, my $bytes, 65536;
			my $cut = !$length;

			if ($length && $is_client{$handle})
			{
				my ($when, $word) = read_plan($plan);

				if (defined $word && index($bytes, $word) >= 0)
				{
					unlink $plan;
					$cut = 1 if $when eq 'before';
					$doomed{ $peer{$handle} } = 1;
				}
			}
			elsif ($length && $doomed{$handle})
			{
				$cut = 1;
			}
			if ($cut)
			{
				my @ends = ($handle, $peer{$handle});

				$select->remove(@ends);
				delete @$_{@ends} for \%peer, \%is_client, \%doomed;
				close $_ for @ends;
				next;
			}
			syswrite $peer{$handle}, $bytes;
		}
	}
	return;
}

1;
