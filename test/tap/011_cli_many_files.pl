# Several files and folders in one command: which files, in which order, of which
# vendor, what is printed, and what happens when one of them fails.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use POSIX qw(mkfifo);
use Test::More;

CliTest::setup();
add_vendor(qw(V VEND001 VEND002));

my $header = "vendor_product_id,product_name,category,sku,price,stock_quantity\n";
my ($out, $err);

# A file of a vendor with rows for these keys; those that begin with X are bad.
sub file
{
	my ($path, @keys) = @_;
	my ($folder) = $path =~ m{^(.*)/};

	mkdir $folder if defined $folder && !-d $folder;
	return write_file($path, $header . join '', map { "$_,Kettle,Kitchen,$_-S," . (/^X/ ? 'ten' : '10.00') . ",3\n" } @keys);
}

# The files of one vendor in a folder, and others that are skipped
file('in/VEND001_20260105_090000.csv', qw(A-1 A-2));
file('in/VEND001_20260104_090000.csv', qw(A-3 X-4));
file('in/VEND002_20260104_090000.CSV', qw(B-1));
file('in/.hidden.csv', 'H-1');
file('in/notes.md', 'N-1');
file('in/folder.csv/VEND001_20260106_090000.csv', 'F-1') if mkdir 'in/folder.csv';
mkfifo('in/VEND001_20260107_090000.csv', 0600) or die;
symlink 'nowhere', 'in/VEND001_20260108_090000.csv' or die;
my $skipped = qr/^onboard: skipped "VEND001_20260107_090000\.csv", which is not a regular file; to read it, name it on the command line
onboard: skipped "VEND001_20260108_090000\.csv": No such file or directory
onboard: skipped "notes\.md" because of the ending of its name; to read it, name it on the command line$/;
($out, $err) = is_exit(1, 'a folder', 'check', 'in');
is($out, <<'END', 'one line for each file, and the total');
VEND001_20260104_090000.csv: 2 rows, 1 good, 1 bad
VEND001_20260105_090000.csv: 2 rows, 2 good, 0 bad
VEND002_20260104_090000.CSV: 1 row, 1 good, 0 bad
3 files: 5 rows, 4 good, 1 bad
END
($out, $err) = is_exit(1, 'a folder', 'load', 'in/', '--json');
my $results = json_of($out);
is_deeply([ map { "$_->{vendor_id} $_->{file_name} $_->{valid_records} $_->{error_records}" } @$results ],
	[ 'VEND001 VEND001_20260104_090000.csv 1 1', 'VEND001 VEND001_20260105_090000.csv 2 0',
		'VEND002 VEND002_20260104_090000.CSV 1 0' ], 'the vendor is in the name of each file');
ok(-s $_->{reports}{mail}, "$_->{file_name} has its reports") for @$results;
like(join("\n", sort split /\n/, $err), $skipped, 'what is not a file is skipped, with a message');
is(sql("SELECT string_agg(file_name, ' ' ORDER BY created_at) FROM onboard.upload_history"),
	'VEND001_20260104_090000.csv VEND001_20260105_090000.csv VEND002_20260104_090000.CSV', 'in this order');
($out, $err) = is_exit(1, 'again', 'load', 'in', '--quiet');
like($out, qr/^VEND001_20260104_090000.csv: 2 rows, 1 accepted, 1 rejected, upload \S+, loaded before\n/,
	'shows the result');

# Text with other endings than .csv, as in feeds and flat files
file('feeds/VEND001_20260104_090000.tsv', 'T-1');
file('feeds/VEND002_20260104_090000.TXT', 'T-2');
write_file("feeds/$_", 'x') for qw(b.jpg a.pdf c.jpg);
($out, $err) = is_exit(0, 'a folder of other texts', 'check', 'feeds');
like($out, qr/^VEND001_20260104_090000\.tsv: 1 row, 1 good, 0 bad\nVEND002_20260104_090000\.TXT: 1 row, 1 good, 0 bad\n2 files: /,
	'they are read');
is($err, 'onboard: skipped "a.pdf" and 2 more files because of the endings of their names; '
	  . "to read one, name it on the command line\n",
	'the first of the others is named');

# The times in the names decide, whatever the order of the arguments
file('new/VEND001_20260110_090000.csv', 'O-1');
file('old/VEND001_20260109_090000.csv', 'O-2');
file('other.csv', 'O-3');
file('old/VEND002_20260111_090000.csv', 'O-4');
($out) = is_exit(0, 'several files', 'load', 'new/VEND001_20260110_090000.csv', 'old/VEND002_20260111_090000.csv',
	'old/VEND001_20260109_090000.csv');
like($out, qr/^VEND001_20260109_\d+\.csv: .*\nVEND002_20260111_\d+\.csv: .*\nVEND001_20260110_\d+\.csv: .*\n3 files: 3 rows, 3 accepted, 0 rejected\n\z/,
	'yesterday comes before today');

# --vendor is that of all files
($out, $err) = is_exit(2, 'a file of another vendor', 'load', 'other.csv', 'old/VEND002_20260111_090000.csv', '--vendor', 'V');
like($out, qr/^other\.csv: 1 row, 1 accepted, 0 rejected, upload V-\S+\nVEND002_20260111_090000\.csv: refused\n2 files: 1 row, 1 accepted, 0 rejected; 1 file refused\n\z/,
	'does not stop the others');
is($err, "onboard: VEND002_20260111_090000.csv: the file name belongs to vendor VEND002, not V; correct --vendor or the name\n",
	'the message names the file');

# Files that cannot be loaded
write_file('bad/VEND001_20260112_090000.csv', 'x') if mkdir 'bad';
file('bad/VEND001_20260113_090000.csv', 'P-1');
file('bad/nobody.csv', 'P-2');
($out, $err) = is_exit(3, 'some that fail', 'load', 'bad', 'missing.csv', '--json');
$results = json_of($out);
is_deeply([ map { $_->{file_name} . ' ' . ($_->{error}{code} // $_->{status}) } @$results ],
	[ 'VEND001_20260112_090000.csv NO_HEADER', 'VEND001_20260113_090000.csv completed', 'nobody.csv USAGE', 'missing.csv USAGE' ],
	'do not stop the others');
($out, $err) = is_exit(2, 'a file that does not exist', 'load', 'missing.csv', 'other.csv', '--vendor', 'V');
like($err, qr/^onboard: missing\.csv: file "missing.csv" does not exist$/m, 'says so');
like($out, qr/^other.csv: .*loaded before$/m, 'and the next one is loaded');
mkdir 'empty';
($out, $err) = is_exit(2, 'an empty folder', 'load', 'empty', 'other.csv', '--vendor', 'V');
like($err, qr/^onboard: the folder "empty" contains no CSV files, workbooks or archives$/m, 'is reported before anything is loaded');
is($out, '', 'which nothing is');

# A failure that would affect the next file as well
($out, $err) = is_exit(4, 'without a database', 'load', 'in', '--db', "host=$work/nowhere", '--retry-for', '0');
like($err, qr/^onboard: VEND001_20260104_090000\.csv: ./m, 'is told');
like($err, qr/^onboard: 2 files were not read; run the same command again once the cause is removed$/m, 'and stops');
($out) = is_exit(4, 'as JSON', 'load', 'in', '--db', "host=$work/nowhere", '--retry-for', '0', '--json');
is(scalar @{ json_of($out) }, 1, 'the list ends there');

# Interrupted while the first file is read, which is a pipe
mkfifo('pipe.csv', 0600) or die;
my $process = start_onboard('load', 'pipe.csv', 'other.csv', '--vendor', 'V');
open my $pipe, '>', 'pipe.csv' or die;
kill 'INT', $process->{child};
(my $code, $out, $err) = slurp_output($process);
close $pipe;
is($code, 4, 'Ctrl-C');
like($err, qr/^onboard: 1 file was not read/m, 'stops');
unlike($out, qr/^other/m, 'at once');

# One file
file('VEND001_20260114_090000.csv', 'Q-1');
($out) = is_exit(0, 'one file without --vendor', 'load', 'VEND001_20260114_090000.csv');
like($out, qr/^Upload VEND001-\S+: completed$/m, 'has its whole summary');
($out) = is_exit(0, 'a comparison', 'diff', 'VEND001_20260114_090000.csv', '--mode', 'update');
like($out, qr/1/, 'finds the vendor in the same way');

done_testing();
