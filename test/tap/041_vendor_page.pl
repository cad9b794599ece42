# The words for vendors: each rule and each failure has a text in every language that is shipped; the
# pages for vendors are what the program prints, and the mails on the reference page are as they are sent.

use strict;
use warnings FATAL => 'all';
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use lib dirname(abs_path(__FILE__));
use CliTest;
use OnboardTest qw(source_root);

my $root = source_root();

CliTest::setup();
is_exit(0, 'a database', qw(vendor list));

# ----- texts -----

my ($rules) = read_file("$root/src/shared/rules.h") =~ /enum rule_id\n\{(.*?)RULE_COUNT/s;
my @rules = $rules =~ /\bRULE_([A-Z_]+),/g;
my @failures = read_file("$root/src/shared/upload_failure.c") =~ /^\t\{"([A-Z_]+)",/mg;
my $check = sql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'upload_history_failure_code_check'");
my %languages;
push @{ $languages{ $_->[0] } }, $_->[1]
  for map { [ split /\|/ ] } split /\n/, sql('SELECT language, name FROM onboard.shipped_texts');

cmp_ok(scalar @rules, '>=', 15, 'the rules are found');
is_deeply([ sort @failures ], [ sort $check =~ /'([A-Z_]+)'/g ], 'the failures are found');
is_deeply([ sort keys %languages ], [qw(de en)], 'the languages');
for my $language (sort keys %languages)
{
	my %has = map { $_ => 1 } @{ $languages{$language} };

	is_deeply([ grep { !$has{$_} } map({ ("rule.$_", "wrong.$_", "right.$_") } @rules), map { "failure.$_" } @failures ], [],
		"$language: each rule and failure has its texts");
	is_deeply([ sort keys %has ], [ sort @{ $languages{en} } ], "$language: has all texts");
}
is(sql("SELECT s.language, s.name FROM onboard.shipped_texts s
		JOIN onboard.shipped_texts e ON e.language = 'en' AND e.name = s.name
	WHERE ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(s.text, '[{][^{}]*[}]', 'g') m ORDER BY 1)
		<> ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(e.text, '[{][^{}]*[}]', 'g') m ORDER BY 1)
		AND s.name NOT LIKE 'subject.%'"), '', 'the texts of a name have the same placeholders in all languages');
is(sql("SELECT language, name FROM onboard.shipped_texts WHERE name LIKE 'subject.%' AND text !~ '^[ -~]+\$'"), '',
	'subjects are ASCII');

# ----- pages -----

for my $page ([ 'VENDORS.md', 'en' ], [ 'VENDORS.de.md', 'de' ])
{
	my ($printed) = is_exit(0, "onboard template --explain --language $page->[1]", qw(template --explain --language), $page->[1]);

	is($printed, read_file("$root/glue/$page->[0]"), "prints glue/$page->[0]");
	like($printed, qr/^### $_$/m, "it explains $_") for @rules, @failures;
	unlike($printed, qr/[{}]|\n\n\n/, 'no placeholder and no text is left out');
}

# What the regression test of mails proves is what the page shows.
my $sent = read_file("$root/expected/mail.out");
my @mails = read_file("$root/sql/MAILS.md") =~ /^```text\n(.*?)^```$/msg;

cmp_ok(scalar @mails, '>=', 14, 'the page has mails');
ok(index($sent, $_) >= 0, 'the mail "' . (split /\n/)[0] . '" is as it is sent') for @mails;
for my $language (sort keys %languages)
{
	for my $subject (split /\n/, sql("SELECT text FROM onboard.shipped_texts
		WHERE name LIKE 'subject.%' AND name <> 'subject.processing' AND language = '$language'"))
	{
		my $pattern = join '.+', map { quotemeta } split /\{\w+\}/, $subject;

		cmp_ok(scalar(grep { /^Subject: $pattern/ } @mails), '>=', 1, "the page has the mail \"$subject\"");
	}
}

done_testing();
