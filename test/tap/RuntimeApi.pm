# A Lambda Runtime API within the test: start bootstrap, send it events one by one and
# receive the replies, with any faults that a test needs.
#
#	my $api = RuntimeApi->new;
#	$api->start({ NAME => 'value' }, 'check');
#	my $reply = $api->invoke('{}');
#	is($reply->{kind}, 'response');
#	$api->stop;
#
# It follows the service's rules: 202 for a good reply, 400 for a wrong request id, 413
# for a response over 6,291,556 bytes, 403 for a call out of order.

package RuntimeApi;

use strict;
use warnings FATAL => 'all';

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time sleep);

use Patience;

use constant LARGEST_RESPONSE => 6_291_556;

sub program
{
	return $ENV{ONBOARD_BOOTSTRAP} // abs_path(dirname(__FILE__) . '/../../glue/bootstrap');
}

sub new
{
	my ($class, $folder) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5, ReuseAddr => 1)
	  or croak "cannot listen: $!";

	return bless {
		listener => $listener, folder => $folder, select => IO::Select->new($listener),
		pending => {}, count => 0, starts => 0, all_calls => [] }, $class;
}

# Start the program with only these variables in its environment.
sub start
{
	my ($self, $environment, @arguments) = @_;
	my $log = sprintf '%s/bootstrap-%03d.log', $self->{folder}, ++$self->{starts};
	my %environment = (AWS_LAMBDA_RUNTIME_API => '127.0.0.1:' . $self->{listener}->sockport,
		TMPDIR => $self->{folder}, %$environment);
	my $program = program();
	my $child = fork() // croak "cannot fork: $!";

	# A group, because the program may be the child of one that confines it.
	setpgrp $child, 0;
	if ($child == 0)
	{
		%ENV = map { $_ => $environment{$_} } grep { defined $environment{$_} } keys %environment;
		open STDIN, '<', '/dev/null' or POSIX::_exit(126);
		open STDOUT, '>', $log or POSIX::_exit(126);
		open STDERR, '>', "$log.err" or POSIX::_exit(126);
		exec { $program } 'bootstrap', @arguments or POSIX::_exit(127);
	}
	@$self{qw(child log)} = ($child, $log);
	return $child;
}

sub close_all
{
	my ($self) = @_;

	for my $handle ($self->{select}->handles)
	{
		next if $handle == $self->{listener};
		$self->{select}->remove($handle);
		close $handle;
	}
	$self->{pending} = {};
	delete $self->{waiting};
	return;
}

# Wait until the program exits; return its status, or undef if it does not exit.
sub wait_end
{
	my ($self) = @_;
	my $end = time + HANG_SECONDS;

	while (time < $end)
	{
		if (waitpid($self->{child}, POSIX::WNOHANG()) > 0)
		{
			my $status = $?;

			$self->close_all;
			delete $self->{child};
			return $status & 127 ? 'signal ' . ($status & 127) : $status >> 8;
		}
		sleep 0.01;
	}
	return;
}

# Kill the program without warning, as the service ends a sandbox.
sub stop
{
	my ($self) = @_;

	return unless $self->{child};
	kill '-KILL', $self->{child};
	waitpid $self->{child}, 0;
	delete $self->{child};
	$self->close_all;
	return;
}

# Return the next complete call: method, path, headers (lower case), body.
sub next_call
{
	my ($self) = @_;
	my $end = time + HANG_SECONDS;

	while (time < $end)
	{
		for my $handle ($self->{select}->can_read(0.2))
		{
			my $bytes = '';

			if ($handle == $self->{listener})
			{
				$self->{select}->add(scalar $handle->accept);
				next;
			}
			if (!sysread $handle, $bytes, 1 << 20)
			{
				$self->{select}->remove($handle);
				delete $self->{pending}{$handle};
				close $handle;
				next;
			}
			$self->{pending}{$handle} .= $bytes;
			my $call = parse_call($self->{pending}{$handle}) or next;
			delete $self->{pending}{$handle};
			$call->{handle} = $handle;
			push @{ $self->{all_calls} }, "$call->{method} $call->{path}";
			return $call;
		}
	}
	croak 'bootstrap made no call';
}

sub parse_call
{
	my ($text) = @_;
	my ($head, $body) = $text =~ /\A(.*?)\r\n\r\n(.*)\z/s or return;
	my ($first, @lines) = split /\r\n/, $head;
	my ($method, $path) = split / /, $first;
	my %headers = map { my ($name, $value) = split /:\s*/, $_, 2; (lc $name => $value) } @lines;

	return if length $body < ($headers{'content-length'} // 0);
	return { method => $method, path => $path, headers => \%headers, body => $body };
}

sub reply
{
	my ($self, $call, $status, $headers, $body) = @_;

	$body //= '';
	print { $call->{handle} } "HTTP/1.1 $status Status\r\n",
	  (map { "$_: $headers->{$_}\r\n" } sort keys %{ $headers // {} }),
	  'Content-Length: ' . length($body) . "\r\n\r\n$body";
	$call->{handle}->flush;
	return;
}

# Wait until the program asks for an event.
sub wait_next
{
	my ($self) = @_;

	return $self->{waiting} //= do
	{
		my $call = $self->next_call;

		croak "out of order: $call->{method} $call->{path}"
		  if "$call->{method} $call->{path}" ne 'GET /2018-06-01/runtime/invocation/next';
		$call;
	};
}

# Send an event without waiting for the reply. Options: deadline (seconds from now),
# headers (additional ones), status.
sub give
{
	my ($self, $event, %options) = @_;
	my $call = $self->wait_next;
	my $id = sprintf '00000000-0000-4000-8000-%012d', ++$self->{count};

	delete $self->{waiting};
	$self->{id} = $id;
	$self->reply($call, $options{status} // 200, {
		'Lambda-Runtime-Aws-Request-Id' => $id,
		'Lambda-Runtime-Deadline-Ms' => int((time + ($options{deadline} // HANG_SECONDS)) * 1000),
		'Lambda-Runtime-Invoked-Function-Arn' => 'arn:aws:lambda:eu-central-1:123456789012:function:check',
		%{ $options{headers} // {} } }, $event);
	return $id;
}

# Receive the reply to the event: kind (response or error), body, headers. answer is the
# status to return instead of the right one.
sub take
{
	my ($self, $answer) = @_;
	my $call = $self->next_call;
	my ($id, $kind) = $call->{path} =~ m{^/2018-06-01/runtime/invocation/([^/]+)/(response|error)$}
	  or croak "out of order: $call->{method} $call->{path}";
	my $status = $id ne $self->{id} ? 400 : length $call->{body} > LARGEST_RESPONSE ? 413 : 202;

	$self->reply($call, $answer // $status, {}, '{"status":"OK"}');
	$call->{kind} = $kind;
	$call->{json} = eval { JSON::PP->new->utf8->decode($call->{body}) };
	return $call;
}

sub invoke
{
	my ($self, $event, %options) = @_;

	$self->give($event, %options);
	return $self->take($options{answer});
}

# Return the program's output since its start: one document per line.
sub log_lines
{
	my ($self) = @_;
	my @lines;

	open my $file, '<:raw', $self->{log} or croak "no log: $!";
	while (my $line = <$file>)
	{
		my $document = eval { JSON::PP->new->utf8->decode($line) };

		push @lines, ref $document eq 'HASH' ? $document : { not_json => $line };
	}
	close $file;
	return @lines;
}

# Return the metrics of the last invocation.
sub last_metrics
{
	my ($self) = @_;
	my @metrics = grep { $_->{_aws} } $self->log_lines;

	return $metrics[-1] // {};
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);

	$self->stop;
	return;
}

1;
