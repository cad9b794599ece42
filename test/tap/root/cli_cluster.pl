# The private server of root never runs as root, nor in an unsafe folder. This test needs
# root; the tests for other users are in ../014_cli_cluster.pl.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::Bin/..";
use CliTest;
use File::Path qw(make_path);
use Test::More;

plan skip_all => 'these need root' unless $> == 0;
CliTest::setup();

my ($out, $err) = is_exit(0, 'root may use it', 'vendor', 'list');
my ($pid) = split /\n/, read_file("$work/home/data/postmaster.pid");
my $owner = (stat "/proc/$pid")[4];
isnt($owner, 0, 'the server does not run as root');
is($owner, (stat "$work/home/data")[4], 'but as the owner of its data');

# Unsuitable home folders
make_path("$work/used");
write_file("$work/used/something", 'x');
my ($code);
($code, $out, $err) = run_onboard('vendor', 'list', { env => { ONBOARD_HOME => "$work/used" } });
is($code, 4, 'root does not hand over a folder that is not empty');
like($err, qr/does not belong to user/, 'and says why');
make_path("$work/closed");
chmod 0700, "$work/closed";
($code, $out, $err) = run_onboard('vendor', 'list', { env => { ONBOARD_HOME => "$work/closed/home" } });
is($code, 4, 'a home that the server\'s user cannot reach');
like($err, qr/cannot enter .*; set ONBOARD_HOME to a folder that others can reach/, 'says what to do');

my $user = getpwuid $owner;
my $home = "$work/unprivileged";
mkdir $home or die "$home: $!";
chown $owner, -1, $home or die "$home: $!";
is(system('setpriv', "--reuid=$user", '--clear-groups', '--', 'env', "ONBOARD_HOME=$home/data", 'sh', '-c',
	"cd / && '$CliTest::onboard' vendor list >/dev/null && '$CliTest::onboard' stop >/dev/null"), 0,
		'an unprivileged user has one, too');

done_testing();
