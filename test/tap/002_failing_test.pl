# A test that fails removes its temporary folders, too.

use strict;
use warnings FATAL => 'all';

use File::Temp;
use IPC::Run;
use Test::More;

my $folder = File::Temp->newdir('onboard-failing-XXXXXX', TMPDIR => 1);

for my $end ('fail()', 'die', 'BAIL_OUT()')
{
	my $script = "$folder/failing.pl";
	my $out = '';

	open my $file, '>', $script or die "$script: $!";
	print $file 'use OnboardTest; use Test::More;',
	  "ok(-d short_folder(), 'a folder'); $end; done_testing();";
	close $file or die "$script: $!";
	IPC::Run::run([ $^X, map({ ('-I', $_) } @INC), $script ], '<', '/dev/null', '>&', \$out,
		init => sub { $ENV{TMPDIR} = "$folder" });
	like($out, qr/^ok 1 - a folder$/m, "$end: it had a folder");
	isnt($?, 0, 'and fails');
	is_deeply([ glob "$folder/*" ], [$script], 'and leaves no folder');
}

done_testing();
