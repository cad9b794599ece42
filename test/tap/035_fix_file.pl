# Uploading an unedited fix file has the same verdicts again, however broken the original file was.

use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

onboard_program();

my $rounds = $ENV{ONBOARD_TEST_ROUNDS} // 120;
my $seed = $ENV{ONBOARD_TEST_SEED} // 1;
my $node = new_server('fix_file');
my $directory = PostgreSQL::Test::Utils::tempdir();
my $broken_byte = "\xFF";
my $replacement = "\xEF\xBF\xBD";

add_database($node, 'fixed', 'V1');

sub any_of { return $_[ rand @_ ] }

# ----- broken files -----

sub cell
{
	my ($column, $round, $delimiter) = @_;
	my %values = (
		sku => [ map { "S$round-$_" } 0 .. 6 ],
		vendor_product_id => [ map { "P$round-$_" } 0 .. 6 ],
		product_name => [ 'Tea', "two\nlines", "two\r\nlines", 'a "q"', '', ' x ', '=1', "l1\r\nl2\"", 'n' x 201,
			"tab\there" ],
		category => [ 'Books', 'Books', 'Boks', '"' ],
		price => [ '1.00', '1.00', '1,5', '$2' ],
		stock_quantity => [ '1', '1', '0', 'x' ]);
	my $value = any_of(@{ $values{$column} // [ '', 'a', 'b;c', 'd,e', '|', "\t", '"', "\n", ',', ';x', "\xC3\xBC",
		"'-5", '+5', $column =~ /brand/ ? 'b' x 101 : 'z' ] });

	$value = $replacement if rand() < 0.005;
	if ($value =~ /["\r\n]|\Q$delimiter\E/ || rand() < 0.1)
	{
		$value =~ s/"/""/g;
		return "\"$value\"";
	}
	return $value;
}

# Damage a record in a way that occurs only in broken files.
sub damage
{
	my (@cells) = @_;
	my $place = rand @cells;
	my $chance = rand;

	if ($chance < 0.08) { pop @cells }
	elsif ($chance < 0.16) { push @cells, any_of('more', '', '"more"') }
	elsif ($chance < 0.22) { $cells[$place] = '5" x' }
	elsif ($chance < 0.30) { $cells[$place] = '"open' . any_of('', "\n") }
	elsif ($chance < 0.34) { $cells[$place] = '"' }
	elsif ($chance < 0.38) { $cells[$place] = '"a"b' }
	elsif ($chance < 0.42) { $cells[$place] = "bad$replacement" }
	elsif ($chance < 0.46) { $cells[$place] = "bad$broken_byte" }
	elsif ($chance < 0.47) { $cells[$place] = 'x' x 66_000 }
	elsif ($chance < 0.49) { @cells = ('') x @cells }
	elsif ($chance < 0.50) { @cells = ('') }
	return @cells;
}

sub make_file
{
	my ($path, $round) = @_;
	my $delimiter = any_of(',', ';', '|', "\t");
	my $line_end = any_of("\n", "\r\n");
	my @columns = qw(sku vendor_product_id product_name category price stock_quantity);
	my @extra = ('Farbe', '', 'brand', 'notes ', '"two' . "\n" . 'words"', 'SKU2');
	my @lines;

	push @columns, splice @extra, rand @extra, 1 for 1 .. rand 4;
	@columns = sort { substr("$a$round", -1) cmp substr("$b$round", -1) || $a cmp $b } @columns if rand() < 0.5;
	push @lines, join $delimiter, damage(map { cell($_, $round, $delimiter) } @columns) for 0 .. rand 12;
	write_file($path, any_of('', "\xEF\xBB\xBF") . join($line_end, join($delimiter, @columns), @lines)
		. any_of('', $line_end));
	return $delimiter;
}

# ----- loading -----

my @loads;    # for each round: the uploads, starting with that of the file itself

# Load a file; return the path of its fix file, if any.
sub load_file
{
	my ($path, @options) = @_;
	my ($code, $out, $err) = run_onboard('load', $path, '--vendor', 'V1', '--again', '--json', '--quiet', '--reports',
		$directory,
		'--db', $node->connstr('fixed') . ' user=loader', @options);
	my $result = eval { JSON::PP->new->decode($out) };

	die "loading $path: exit code $code, $out$err" unless $code <= 2 && defined $result;
	# Only a generated file may consist of blank lines.
	die "$path is refused: $out" if $code == 2 && @options == 0;
	return if $code == 2;
	push @{ $loads[-1]{uploads} }, $result->{upload_id};
	return $code == 1 ? "$directory/$result->{upload_id}/fix.csv" : undef;
}

my $refused = 0;

srand $seed;
note "seed $seed";
for my $round (1 .. $rounds)
{
	my $path = "$directory/$round.csv";
	my $delimiter = make_file($path, $round);
	my $fix;

	push @loads, { round => $round, uploads => [] };
	$fix = load_file($path, '--delimiter', $delimiter);
	$refused++ unless @{ $loads[-1]{uploads} };
	# As a vendor would: without specifying the delimiter.
	$fix = load_file($fix) for grep { defined $fix } 1, 2;
}

# ----- comparing -----

# The errors of the rejected rows of each upload, in order. A duplicate within the file
# becomes a duplicate of the catalogue in the next upload, and one finding may become two.
# In a row with other errors it may disappear, if the first row was stored.
my %verdicts;
for my $line (split /\n/, $node->safe_psql('fixed', <<'SQL'))
SELECT upload_id, count(*), string_agg(CASE WHEN what = '' THEN 'DUPLICATE' ELSE what END, '; ' ORDER BY row_number)
FROM (SELECT upload_id, row_number, coalesce(string_agg(error_type || ' ' || coalesce(error_field, '-'),
	', ' ORDER BY error_id) FILTER (WHERE error_type NOT LIKE 'DUPLICATE%'), '') AS what
	FROM onboard.validation_errors GROUP BY 1, 2) e GROUP BY 1
SQL
{
	my ($upload, $count, $what) = split /\|/, $line;

	$verdicts{$upload} = [ $count, $what ];
}
my %totals = map { split /\|/ } split /\n/, $node->safe_psql('fixed',
	'SELECT upload_id, coalesce(total_records, 0) FROM onboard.upload_history');
my ($compared, $rows) = (0, 0);

for my $load (@loads)
{
	my ($first, @again) = @{ $load->{uploads} };

	for my $upload (@again)
	{
		$compared++;
		$rows += $verdicts{$first}[0];
		is("$totals{$upload} rows: " . ($verdicts{$upload}[1] // ''), "$verdicts{$first}[0] rows: $verdicts{$first}[1]",
			"round $load->{round}: the unedited fix file has the same verdicts")
		  or diag slurp_file("$directory/$load->{round}.csv"), "\n-----\n", slurp_file("$directory/$first/fix.csv");
	}
}
note "$compared fix files with $rows rejected rows; $refused files were refused as a whole";
cmp_ok($compared, '>=', $rounds, 'most files had rows to fix, twice');
for my $type (qw(MALFORMED_ROW INVALID_ENCODING FIELD_LENGTH_EXCEEDED MISSING_REQUIRED_FIELDS INVALID_PRICE DUPLICATE))
{
	cmp_ok(scalar(grep { $_->[1] =~ /$type/ } values %verdicts), '>', 0, "$type occurred");
}

$node->stop;
done_testing();
