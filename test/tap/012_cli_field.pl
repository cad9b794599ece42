# Files like those that vendors send: each file of test/data/field ends as its
# line of manifest.tsv says, in a load and in a dry run.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CliTest;
use Test::More;
use Text::ParseWords qw(shellwords);

CliTest::setup();
add_vendor('V');

# The lines of the manifest, as hashes by column; see test/README.md.
sub manifest
{
	my ($heading, @lines) = split /\n/, read_file("$data/field/manifest.tsv");
	my @columns = split /\t/, $heading;

	return map { my %line; @line{@columns} = split /\t/, $_, -1; \%line } @lines;
}

# The findings that a line expects, in order: line, code, field and a text that suggestion or message contain.
sub expected_findings
{
	my ($line) = @_;

	return map { [ split / /, $_, 4 ] } split / \|\| /, $line->{findings};
}

# The findings of the only upload.
sub load_findings
{
	my $separator = "\x1F";
	my $rows = sql("SELECT line_number || '$separator' || error_type || '$separator' || coalesce(error_field, '-')
		|| '$separator' || replace(error_message, E'\\n', ' ') || '$separator' || replace(coalesce(suggestion, ''), E'\\n', ' ')
		FROM onboard.validation_errors JOIN onboard.upload_history USING (upload_id) WHERE severity = 'error'
		ORDER BY upload_number, row_number, error_id");

	return map { [ split /$separator/, $_, 5 ] } split /\n/, $rows;
}

# The cells of an error report by heading, one hash for each finding; it has the delimiter of its file.
sub report_findings
{
	my ($path) = @_;
	my $text = read_file($path);
	my ($delimiter) = $text =~ /Spreadsheet Row(.)/;
	my ($heading, @records) = csv_rows($text, $delimiter);

	return map { my %cells; @cells{@$heading} = @$_; \%cells } @records;
}

sub check_findings
{
	my ($name, $got, @expected) = @_;

	is(scalar @$got, scalar @expected, "$name: number of findings")
	  or diag(join "\n", map { join ' | ', @$_ } @$got);
	for my $i (0 .. $#expected)
	{
		my ($line, $code, $field, $text) = @{ $expected[$i] };
		my $finding = $got->[$i] // [ ('') x 5 ];

		is("@$finding[0 .. 2]", "$line $code $field", "$name: finding $i");
		ok(index("$finding->[4]\n$finding->[3]", $text // '') >= 0, "$name: finding $i has \"" . ($text // '') . '"')
		  or diag("message: $finding->[3]\nsuggestion: $finding->[4]");
	}
	return;
}

sub check_refusal
{
	my ($name, $line, @command) = @_;
	my ($out) = is_exit(2, "$name: load", 'load', @command, '--json');
	my $result = json_of($out);

	is($result->{error}{code}, $line->{rejected}, "$name: refused");
	ok(index($result->{error}{message}, $_) >= 0, "$name: the reason has \"$_\"") or diag($result->{error}{message})
	  for split / \|\| /, $line->{findings};
	($out) = is_exit(2, "$name: check", 'check', @command, '--json');
	# check may add what can be done on the command line.
	my $dry = json_of($out)->{error};
	is("$dry->{code} " . substr($dry->{message}, 0, length $result->{error}{message}),
		"$result->{error}{code} $result->{error}{message}", "$name: check refuses it for the same reason");
	return;
}

sub check_rows
{
	my ($name, $line, @command) = @_;
	my $code = $line->{rejected} > 0 ? 1 : 0;
	my ($out) = is_exit($code, "$name: check", 'check', @command, '--json', '--errors', 'check.csv');
	my @dry = report_findings('check.csv');

	is(json_of($out)->{error_records}, $line->{rejected}, "$name: rows that check rejects");
	($out) = is_exit($code, "$name: load", 'load', @command, '--json');
	is(join(' ', @{ json_of($out) }{qw(valid_records error_records)}), "$line->{accepted} $line->{rejected}",
		"$name: accepted and rejected rows");

	my @got = load_findings();
	check_findings($name, \@got, expected_findings($line));
	is_deeply([ map { "$_->{'Error Type'} $_->{'Error Message'}" } @dry ], [ map { "$_->[1] $_->[3]" } @got ],
		"$name: check finds the same");
	return if $line->{rejected} == 0;
	# At the end of the fix file, empty rows are ignored.
	return if !grep { $_->[1] ne 'EMPTY_ROW' } @got;

	# The fix file loads with the same verdicts; a vendor would correct it first.
	my $fix = json_of($out)->{reports}{fix};
	($out) = is_exit(1, "$name: the fix file", 'load', $fix, '--vendor', 'V', '--file-name', 'again.csv', '--json');
	is(json_of($out)->{error_records}, $line->{rejected}, "$name: the fix file has the rejected rows");
	my @again = load_findings();
	is_deeply([ map { "@$_[1, 2]" } @again[ scalar @got .. $#again ] ], [ map { "@$_[1, 2]" } @got ],
		"$name: for the same reasons");
	return;
}

my @lines = manifest();
ok(scalar @lines, 'there are files');
for my $line (@lines)
{
	my $name = join ' ', grep { length } @$line{qw(file options)};
	my @command = ("$data/field/$line->{file}", '--vendor', 'V', shellwords($line->{options}));

	if ($line->{rejected} =~ /^\d+$/)
	{
		check_rows($name, $line, @command);
	}
	else
	{
		check_refusal($name, $line, @command);
	}
	sql('TRUNCATE onboard.products, onboard.upload_history CASCADE');
}
my %listed = map { $_->{file} => 1 } @lines;
is_deeply([ grep { !$listed{$_} } map { s{.*/}{}r } glob "$data/field/*.csv" ], [], 'every file is listed');

done_testing();
