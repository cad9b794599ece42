# Check the documentation: run every example in README.md, glue/README.md, glue/MAPS.md and
# sql/README.md, in this order, and compare the output; check that the reference tables on
# these pages match the program and the extension exactly. The examples on the pages about AWS
# are not run; their commands and options are looked up.
#
# On these pages, a comment on the line before a block changes what is expected:
#
#	<!-- exit 1 -->			the last command ends with this code, not 0
#	<!-- not run: why -->	the block is not run; its make targets must exist
#
# Blocks: sh is run as a script; console contains commands after "$ " with their output;
# sql is sent to "onboard psql"; python to python3, if psycopg2 is installed. A text block
# after one of these is its output. Upload ids, times and durations may differ.
# README_TEST_SHOW=1 prints the output of every block.

use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(sha256_hex);
use File::Basename;
use IPC::Run;
use JSON::PP;
use Test::More;

use OnboardTest qw(source_root short_folder onboard_program);

my $root = source_root();
my $program = onboard_program();
# Short, because the path of a socket must be short.
my $scratch = short_folder();
my @deploy_pages = map { "glue/deploy/$_" } qw(README.md RUNBOOK.md SECURITY.md
	image/README.md database/README.md onboard_aws/README.md);
# The reader's working directory.
my $shown_folder = '/home/you/shop';
my $shown_home = '/home/you/.local/share/onboard';
my @servers;

plan skip_all => 'a PostgreSQL server does not run as root' if $> == 0;

sub slurp
{
	my ($path) = @_;

	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!";
	local $/;
	my $text = <$file>;
	close $file;
	return $text;
}

# ----- running -----

my $bindir = qx(pg_config --bindir);
chomp $bindir;
my %environment = (
	HOME => $scratch,
	LANG => 'C.UTF-8',
	TZ => 'UTC',
	PATH => join(':', dirname($program), $bindir, grep { -x } split /:/, $ENV{PATH}),
	PSQLRC => '/dev/null',
	PAGER => '',
	ONBOARD_HOME => "$scratch/home",
	ONBOARD_PG_BINDIR => $bindir,
);

# Run a program in the reader's directory; return exit code and output.
sub run_in_folder
{
	my ($input, @command) = @_;
	my $output = '';

	local %ENV = %environment;
	IPC::Run::run(\@command, '<', \$input, '>&', \$output, init => sub { chdir "$scratch/shop" or die });
	utf8::decode($output);
	return ($? >> 8, $output);
}

# Start a second server for examples that use one, called db.example in the documentation.
sub start_other_server
{
	my $folder = "$scratch/other";
	my @conf = ('-c', "unix_socket_directories=$folder", '-c', 'listen_addresses=');

	mkdir $folder or die "$folder: $!";
	my ($code, $output) = run_in_folder('', 'initdb', '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C',
		'-D', "$folder/data");
	is($code, 0, 'initdb of another server') or diag $output;
	($code, $output) = run_in_folder('', 'pg_ctl', '-w', '-D', "$folder/data", '-l', "$folder/log",
		'-o', join(' ', @conf), 'start');
	is($code, 0, 'start of another server') or diag $output;
	push @servers, "$folder/data";
	return $folder;
}

END
{
	my $code = $?;

	run_in_folder('', 'pg_ctl', '-w', '-m', 'immediate', '-D', $_, 'stop') for @servers;
	run_in_folder('', $program, 'stop') if -d "$scratch/home";
	$? = $code;
}

# ----- examples -----

# Return all fenced blocks: language, text, line, and the comment before it.
sub blocks_of
{
	my ($page) = @_;
	my $text = slurp("$root/$page");
	my @blocks;
	my $line = 0;
	my ($block, $comment);

	for my $row (split /\n/, $text)
	{
		$line++;
		if (!$block && $row =~ /^```(\w*)/)
		{
			$block = { language => $1, text => '', where => "$page line $line", comment => $comment // '' };
		}
		elsif ($block && $row eq '```')
		{
			push @blocks, $block;
			undef $block;
			undef $comment;
		}
		elsif ($block)
		{
			$block->{text} .= "$row\n";
		}
		elsif ($row =~ /^<!-- (.*) -->$/)
		{
			$comment = $1;
		}
		elsif ($row ne '')
		{
			undef $comment;
			# Only a block that directly follows another is its output.
			push @blocks, { language => 'prose' } if !@blocks || $blocks[-1]{language} ne 'prose';
		}
	}
	return @blocks;
}

# Normalise what may differ between runs.
sub normal
{
	my ($text) = @_;

	$text =~ s/\Q$scratch\E\/shop/$shown_folder/g;
	$text =~ s/\Q$scratch\E\/home/$shown_home/g;
	$text =~ s/^\x{FEFF}//mg;
	$text =~ s/\b([A-Z0-9]+)-[0-9a-f]{16}\b/$1-0123456789abcdef/g;
	$text =~ s/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?[+-]\d\d)?/2026-01-01 00:00/g;
	$text =~ s/ in (\d+ ms|[\d.]+ s \([\d,]+ rows\/s\))/ in 9 ms/g;
	$text =~ s/"milliseconds":\t\d+/"milliseconds":\t9/g;
	$text =~ s/\r//g;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n+\z/\n/;
	return $text;
}

sub expected_code
{
	my ($block) = @_;

	return $block->{comment} =~ /^exit (\d+)$/ ? $1 : 0;
}

# Ids of uploads in the documentation, and those that this test got in their place
my %upload_id;
my $upload_id = qr/\b[A-Z0-9]+-[0-9a-f]{16}\b/;

# Note the ids in an output, for later commands: an id depends on the time of the file.
sub note_uploads
{
	my ($shown, $output) = @_;
	my @shown = $shown =~ /$upload_id/g;
	my @found = $output =~ /$upload_id/g;

	@upload_id{@shown} = @found if @shown == @found;
	return;
}

# Replace names in the documentation with those of this test.
sub localized
{
	my ($text, $other) = @_;

	$text =~ s{($upload_id)}{$upload_id{$1} // $1}ge;
	$text =~ s/host=db\.example/host=$other/g;
	$text =~ s/'db\.example'/'$other'/g;
	return $text;
}

sub run_script
{
	my ($block, $other) = @_;
	my $text = localized($block->{text}, $other);
	my @command = $block->{language} eq 'sql'
	  ? ($program, 'psql', '--', '-X', '-q', '-P', 'pager=off', '-v', 'ON_ERROR_STOP=1', '-f', '-')
	  : $block->{language} eq 'python' ? ('python3', '-') : ('bash', '-e', '-s');
	my ($code, $output) = run_in_folder($text, @command);

	is($code, expected_code($block), "$block->{where}: $block->{language} exits as expected")
	  or diag "$text\n$output";
	return $output;
}

sub run_console
{
	my ($block, $other) = @_;
	my @parts = split /^\$ (.*\n)/m, $block->{text};
	my $number = 0;
	my $last = @parts / 2;

	die "$block->{where}: text before the first command" if shift(@parts) ne '';
	while (@parts)
	{
		my ($command, $shown) = (shift @parts, shift(@parts) // '');
		my ($code, $output) = run_in_folder(localized($command, $other), 'bash', '-s');
		my $wanted = ++$number >= int $last ? expected_code($block) : 0;

		chomp $command;
		note "$command\n$output" if $ENV{README_TEST_SHOW};
		is($code, $wanted, "$block->{where}: exit code of $command") or diag $output;
		is(normal($output), normal($shown), "$block->{where}: output of $command");
		note_uploads($shown, $output);
	}
	return;
}

sub check_unrun
{
	my ($block) = @_;
	my $makefile = slurp("$root/Makefile");

	for my $target (map { split } $block->{text} =~ /^(?:sudo )?make ([a-z][a-z-]*(?: [a-z][a-z-]*)*)/mg)
	{
		ok($makefile =~ /^\Q$target\E:|^\t.*make \Q$target\E /m,
			"$block->{where}: make $target is there");
	}
	for my $path ($block->{text} =~ m{\b((?:test|src|glue|sql)/[\w./-]+)}g)
	{
		ok(-e "$root/$path", "$block->{where}: $path exists");
	}
	return;
}

# The pages share server and directory, so that one can continue where another ends.
sub run_pages
{
	my (@pages) = @_;
	my $other = start_other_server();
	my $have_psycopg = system("python3 -c 'import psycopg2' 2>/dev/null") == 0;
	my $output;
	my %run;

	for my $block (map { blocks_of($_) } @pages)
	{
		my $language = $block->{language};

		if ($language eq 'text' && defined $output)
		{
			is(normal($output), normal($block->{text}), "$block->{where}: output shown");
		}
		undef $output;
		next if $language !~ /^(sh|console|sql|python)$/;
		$run{$language}++;
		if ($block->{comment} =~ /^not run: ./)
		{
			check_unrun($block);
		}
		elsif ($language eq 'console')
		{
			run_console($block, $other);
		}
		elsif ($language eq 'python' && !$have_psycopg)
		{
			note "$block->{where}: no psycopg2";
		}
		else
		{
			$output = run_script($block, $other);
			note "$block->{text}\n$output" if $ENV{README_TEST_SHOW};
		}
	}
	cmp_ok($run{$_} // 0, '>', 0, "the pages have examples of $_") for qw(sh console sql);
	return;
}

# ----- reference tables -----

# Return the rows of the Markdown table under a heading, as lists of cells.
sub table_below
{
	my ($path, $heading) = @_;
	my ($section) = slurp("$root/$path") =~ /^#+ \Q$heading\E\n(.*?)(?=^#|\z)/ms;
	my @rows;

	die "$path has no section $heading" unless defined $section;
	for my $line ($section =~ /^\|(.*)\|$/mg)
	{
		# A bar inside code is written \|.
		my @cells = map { s/^\s+|\s+$|`//gr } split /(?<!\\)\|/, $line, -1;

		push @rows, \@cells unless $cells[0] =~ /^:?-+:?$/;
	}
	shift @rows;
	return @rows;
}

sub sorted { my %seen; return [ sort grep { !$seen{$_}++ } @_ ]; }

# Check commands with their arguments and the options in their help: short form, name,
# name of the value, and numeric defaults.
sub check_commands
{
	my %documented;
	my ($code, $help) = run_in_folder('', $program, '--help');
	my ($list) = $help =~ /^Commands:\n(.*?)\n\n/ms;
	my @commands = $list =~ /^  (\w+(?: \w[\w-]*)?)(?:  |$)/mg;

	for my $row (table_below('glue/README.md', 'Options'))
	{
		my ($option, $meaning, $commands) = @$row;
		my ($default) = $meaning =~ /default: (\d\w*)/;

		push @{ $documented{$_} }, join ' ', $option, $default // ()
			for $commands eq 'all' ? @commands : split /, */, $commands;
	}
	is_deeply(sorted(map { $_->[0] =~ /^onboard (\w+(?: \w[\w-]*)?)(?= |$)/ } grep { $_->[0] !~ /^onboard help/ }
			map { [ $_->[0] =~ s/ (?:\[?[A-Z-]).*//r ] } table_below('glue/README.md', 'Commands')),
		sorted(@commands), 'glue/README.md names every command');
	for my $command (@commands)
	{
		my ($text) = (run_in_folder('', $program, split(/ /, $command), '--help'))[1];
		my ($options) = $text =~ /^Options:\n(.*?\n)\n/ms;
		my $usage = join '', grep { defined } $text
			=~ /^Usage: (onboard .*?)(?: --[a-z-]+ [A-Z]+)* \[OPTION\]\.\.\.( \[-- .*\])?$/m;
		my @shown;

		while ($options =~ /^ {2,6}((?:-\w, )?--[a-z-]+(?: \[?[A-Z]+\]?)?)(.*\n(?: {20,}.*\n)*)/mg)
		{
			my ($option, $meaning) = ($1, $2);
			my ($default) = $meaning =~ /default:\s+(\d\w*)/;

			push @shown, join ' ', $option, $default // ();
		}
		is_deeply(sorted(@{ $documented{$command} // [] }), sorted(@shown),
			"glue/README.md has the options of $command");
		delete $documented{$command};
		ok((grep { $_->[0] eq $usage } table_below('glue/README.md', 'Commands')), "glue/README.md has \"$usage\"");
	}
	is_deeply([ keys %documented ], [], 'glue/README.md lists options of no other command');
	return;
}

sub check_exit_codes
{
	my ($enum) = slurp("$root/glue/cli/command.h") =~ /enum exit_code\n\{(.*?)\}/s;
	my @codes = $enum =~ /= (\d+)/g;

	is_deeply([ map { $_->[0] } table_below('glue/README.md', 'Exit codes') ], \@codes,
		'glue/README.md has the exit codes');

	my (undef, $help) = run_in_folder('', $program, '--help');
	my %documented;
	for my $row (table_below('glue/README.md', 'Exit codes'))
	{
		my @commands = $row->[3] eq 'all' ? 'all' : split /, */, $row->[3];

		push @{ $documented{$_} }, $row->[0] for @commands;
	}
	for my $command (($help =~ /^Commands:\n(.*?)\n\n/ms)[0] =~ /^  (\w+(?: \w[\w-]*)?)(?:  |$)/mg)
	{
		my (undef, $text) = run_in_folder('', $program, split(/ /, $command), '--help');
		my ($list) = $text =~ /^Exit codes:\n(.*)/ms;

		is_deeply(sorted(@{ $documented{all} }, @{ delete $documented{$command} // [] }), [ $list =~ /^  (\d)  /mg ],
			"glue/README.md has the exit codes of $command");
	}
	is_deeply([ keys %documented ], ['all'], 'and of no other command');
	return;
}

# Return PostgreSQL's SQLSTATEs by their names in C and in PL/pgSQL.
sub sqlstates
{
	my $sharedir = qx(pg_config --sharedir);
	my %state;

	chomp $sharedir;
	for my $line (split /\n/, slurp("$sharedir/errcodes.txt"))
	{
		my ($code, undef, @names) = split ' ', $line;

		next unless defined $code && $code =~ /^[0-9A-Z]{5}$/;
		# One name in PL/pgSQL has two codes; PL/pgSQL uses the first.
		$state{$_} //= $code for @names;
	}
	return %state;
}

sub check_sqlstates
{
	my %state = sqlstates();
	my @used;

	for my $path (glob("$root/src/*.c $root/src/*/*.c"))
	{
		push @used, map { $state{$_} // "unknown $_" } slurp($path) =~ /errcode\((ERRCODE_\w+)\)/g;
	}
	for my $path (glob("$root/sql/onboard--*.sql"))
	{
		push @used, map { $state{$_} // "unknown $_" } slurp($path) =~ /ERRCODE = '(\w+)'/g;
	}
	cmp_ok(scalar @used, '>', 40, 'the code raises errors with SQLSTATEs');
	is_deeply(sorted(map { $_->[0] } table_below('sql/README.md', 'Errors')), sorted(@used),
		'sql/README.md has the SQLSTATEs that the code uses');
	return;
}

sub check_failure_codes
{
	my ($list) = slurp("$root/src/shared/upload_failure.c") =~ /upload_failures\[\w+\] = \{(.*?)\n\};/s;

	my %again = (true => 'tried', false => 'shown');

	is_deeply({ map { $_->[0] => $_->[3] } table_below('sql/README.md', 'Failure codes') },
		{ map { /"(\w+)", (\w+),/ ? ($1 => $again{$2}) : () } $list =~ /\{(.*?)\}/g },
		'sql/README.md has the failure codes, and which ones can be retried');
	return;
}

# The endings of files are the same in the command line, the functions, onboard-aws and the documents.
sub check_endings
{
	my ($endings) = slurp("$root/glue/reader/formats.h") =~ /FORMAT_ENDINGS "(.*?)"/;
	my ($suffixes) = slurp("$root/glue/deploy/onboard_aws/command.py") =~ /^FILE_SUFFIXES = \((.*?)\)$/m;

	is(join('|', $suffixes =~ /"\.(\w+)"/g), $endings, 'onboard-aws knows the endings of files');
	for my $path (qw(glue/README.md glue/cli/commands.c))
	{
		my ($sentence) = slurp("$root/$path") =~ /whose names end in\s((?:\.\w+|or\b|[`,\s])*)/;

		is(join('|', ($sentence // '') =~ /\.(\w+)/g), $endings, "$path has the endings of files in a folder");
	}
	return;
}

sub check_rules
{
	my ($table) = slurp("$root/src/shared/rules.c") =~ /rules\[RULE_COUNT\] = \{(.*?)\n\};/s;

	is_deeply([ map { $_->[0] } table_below('README.md', 'Rules') ], [ $table =~ /(?:NAMED\(|\{\s*")([A-Z_]+)/g ],
		'README.md has the rules, in their order');
	return;
}

# Check the limits in the table of rules, and the required columns.
sub check_limits
{
	my $table = slurp("$root/src/shared/columns.h") =~ s/\\\n//gr;
	my %column;    # kind, required, minimum, maximum, rule
	my %found;

	for ($table =~ /^\tX\(argument, (.*)$/mg)
	{
		my (undef, $name, @facts) = split /\s*,\s*/;

		$column{$name} = [ map { s/INT64_C\((\d+)\)/$1/r } @facts[ 0 .. 4 ] ];
	}
	for my $name (keys %column)
	{
		my ($kind, $required, $minimum, $maximum, $rule) = @{ $column{$name} };
		my ($from, $to) = $kind eq 'PIECES' ? ($minimum, $maximum) : map { $_ / 100 } $minimum, $maximum;

		push @{ $found{MISSING_REQUIRED_FIELDS} }, $name if $required eq 'true';
		push @{ $found{ $kind =~ /^(?:TEXT|EXACT)$/ ? 'FIELD_LENGTH_EXCEEDED' : $rule } },
			$kind =~ /^(?:TEXT|EXACT)$/ ? "$name $maximum" : "$from to $to";
	}
	for my $row (table_below('README.md', 'Rules'))
	{
		my ($rule, $holds) = @$row;
		my @documented;

		next unless defined $found{$rule};
		if ($rule eq 'MISSING_REQUIRED_FIELDS')
		{
			@documented = grep { defined $column{$_} } $holds =~ /(\w+)/g;
		}
		elsif ($rule eq 'FIELD_LENGTH_EXCEEDED')
		{
			while ($holds =~ /((?:\w+(?:, | and ))*\w+) (\d+)/g)
			{
				my ($names, $limit) = ($1, $2);

				push @documented, map { "$_ $limit" } grep { defined $column{$_} } $names =~ /(\w+)/g;
			}
		}
		else
		{
			@documented = $holds =~ /([\d.]+ to [\d.]+)/;
		}
		is_deeply(sorted(@documented), sorted(@{ delete $found{$rule} }), "README.md has what $rule allows");
	}
	is_deeply([ keys %found ], [], 'README.md has the limits of every column');
	return;
}

# Check functions; arguments are written as name and type, separated by commas.
sub check_functions
{
	my $query = <<'SQL';
SELECT p.proname FROM pg_proc p
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension x ON x.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND x.extname = 'onboard'
WHERE p.pronamespace <> 'onboard'::regnamespace
SQL
	my (undef, $public) = run_in_folder($query, $program, 'psql', '--', '-XAtq');
	my (undef, $own) = run_in_folder($query =~ s/<>/=/r, $program, 'psql', '--', '-XAtq');
	my @documented = map { $_->[0] =~ /^(\w+)/ } table_below('sql/README.md', 'Functions');

	cmp_ok(scalar split(/\n/, $public), '>', 20, 'the extension has functions');
	is_deeply(sorted(@documented), sorted(split /\n/, $public), 'sql/README.md has the functions');
	is_deeply(sorted(map { $_->[0] =~ /^(?:onboard\.)?(\w+)/ } table_below('sql/README.md',
		'Functions of schema onboard')),
		sorted(split /\n/, $own), 'sql/README.md has the functions of schema onboard');
	return;
}

# Check the columns of every table and view.
sub check_columns
{
	my (undef, $relations) = run_in_folder(<<'SQL', $program, 'psql', '--', '-XAtq', '-F', ' ');
SELECT c.relname, string_agg(a.attname, ' ' ORDER BY a.attnum)
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'onboard'::regnamespace AND c.relkind IN ('r', 'v', 'f') GROUP BY 1
SQL
	my %documented;

	for my $row (table_below('sql/README.md', 'Tables and views'))
	{
		my ($relation) = $row->[0] =~ /^onboard\.(\w+)/;

		$documented{$relation} = join ' ', $row->[1] =~ /(\w+)/g;
	}
	my %found = map { /^(\w+) (.*)/ } split /\n/, $relations;
	is_deeply(\%documented, \%found, 'sql/README.md has the columns of every table and view');
	return;
}

sub check_grants
{
	my @expected;

	for my $line (split /\n/, slurp("$root/test/data/grants.csv"))
	{
		$line =~ s/"([^"]*)"/$1 =~ s{,}{;}gr/ge;
		push @expected, [ map { s/;/, /gr } split /,/, $line ];
	}
	shift @expected;
	is_deeply([ table_below('sql/README.md', 'Grants') ], \@expected,
		'sql/README.md has the grants of test/data/grants.csv');
	return;
}

sub check_settings
{
	my @defined = slurp("$root/src/base/settings.c") =~ /DefineCustom\w+\("([\w.]+)"/g;

	is_deeply(sorted(map { $_->[0] } table_below('sql/README.md', 'Settings')), sorted(@defined),
		'sql/README.md has the settings');
	return;
}

# Return the cells of a table as text: a bar has a backslash, an entity is not one.
sub plain
{
	return map { s/\\\|/|/gr } @_;
}

# Check the transformations, and whether suggestions are kept.
sub check_transformations
{
	my ($table) = slurp("$root/src/shared/transformation.h") =~ /define ONBOARD_TRANSFORMATIONS\(X\)(.*?)clang-format on/s;
	my @found;

	$table =~ s/\\\n//g;
	while ($table =~ /X\(\w+, [^"]*"([^"]*)",[^"]*\b(true|false),\s*"([^"]*)"\)/g)
	{
		push @found, [ $1, $3, $2 eq 'true' ? 'yes' : 'no' ];
	}
	cmp_ok(scalar @found, '>', 20, 'there are transformations');
	is_deeply([ map { [ plain(@$_) ] } table_below('glue/MAPS.md', 'Transformations') ], \@found,
		'glue/MAPS.md has the transformations');
	return;
}

# Check the maps that come with the extension, with what is to be supplied.
sub check_presets
{
	my (undef, $maps) = run_in_folder(<<'SQL', $program, 'psql', '--', '-XAtq', '-F', "\t");
SELECT map_name,
	concat_ws(', ', substring(definition FROM '\nmode (\w+)'), 'match ' || substring(definition FROM '\nmatch (\w+)')),
	description, needs FROM onboard.shipped_maps ORDER BY map_name COLLATE "C"
SQL

	is_deeply([ map { [ plain(@$_) ] } table_below('glue/MAPS.md', 'Presets') ],
		[ map { [ split /\t/ ] } split /\n/, $maps ], 'glue/MAPS.md has the presets');
	return;
}

# Check that every statement of maps is explained: the settings, the columns by an example.
sub check_map_statements
{
	my ($settings) = slurp("$root/src/shared/map_setting.c") =~ /\} settings\[MAP_SETTING_COUNT\] = \{(.*?)\n\};/s;
	my %documented = map { $_->[0] =~ /^(\w+)/ ? ($1 => 1) : () } table_below('glue/MAPS.md', 'The text of a map');
	my @settings = $settings =~ /\{"(\w+)",/g;

	cmp_ok(scalar @settings, '>', 8, 'maps have settings');
	ok($documented{$_}, "glue/MAPS.md has the statement $_") for @settings, qw(price attribute onboard_action skip ignore);
	return;
}

# Check that the figures quoted in README.md are those measured: a row of the first table
# about the intake, and the worst ratio to the same baseline.
sub check_headline
{
	my ($speed) = slurp("$root/README.md") =~ /^## Speed\n(.*?)(?=^## )/ms;
	my ($rows, $keys, $bad, $rate, $ratio) = $speed =~
	  m{([\d,]+) rows with (\w+) keys, (\d+ %) of them bad,\s+at\s+([\d,]+) rows/s: ([\d.]+) times as fast};
	my ($worst) = $speed =~ /comparisons is ([\d.]+)\./;
	my $results = 'test/bench/RESULTS.md';
	my ($found) = grep { $_->[0] eq ($keys // '') && $_->[1] eq $bad }
	  table_below($results, 'COPY through onboard.intake, ' . ($rows // '') . ' rows, empty catalogue');
	my ($bar) = grep { $_->[0] eq 'intake against COPY with FK' } table_below($results,
		'Every bar, and the worst figure under it');

	is_deeply([ @$found[ 5, 6 ] ], [ $rate, $ratio ], "README.md quotes the rate and the ratio of $results");
	is($worst, $bar->[2], 'and the worst ratio');
	return;
}

# Check that ARCHITECTURE.md has a line for each source file, and no others.
sub check_modules
{
	for my $folder (map { s{^\Q$root\E/}{}r =~ s{/$}{}r } glob("$root/src/ $root/src/*/ $root/glue/*/"))
	{
		my @files = map { basename($_) } glob("$root/$folder/*.c");
		next unless @files;
		my @named = map { $_->[0] =~ /([\w.]+\.c)\b/g } table_below('ARCHITECTURE.md', "$folder/");

		is_deeply(sorted(@named), sorted(@files), "ARCHITECTURE.md names the files of $folder/");
	}
	return;
}

# Check that the pointers into the code are valid.
sub check_pointers
{
	for my $row (table_below('ARCHITECTURE.md', 'Where is the line'))
	{
		my ($path) = $row->[1] =~ /\((.*)\)/;

		ok(index(slurp("$root/$path"), $row->[2]) >= 0, "ARCHITECTURE.md: $row->[2] is in $path");
	}
	return;
}

# ----- the pages about AWS -----

# Return the commands of a page, from its blocks and from code in its text.
sub code_of
{
	my ($page) = @_;
	my $text = slurp("$root/$page");
	my @code;

	push @code, $1 =~ s/\\\n\s*/ /gr while $text =~ s/^```\w*\n(.*?)^```$//ms;
	push @code, map { s/\s+/ /gr } $text =~ /`([^`]+)`/g;
	return map { split /[;\n]|&&|\|\|/ } @code;
}

# Check that onboard-aws has the commands and options of an example, by its reference, which the
# tests of onboard-aws compare with the program.
sub check_deploy_commands
{
	my $reference = 'glue/deploy/onboard_aws/README.md';
	my @commands = map { $_->[0] =~ /^onboard-aws ([a-z]+(?: [a-z]+)?)/ } table_below($reference, 'Commands');
	my $known = join '|', map { quotemeta } sort { length $b <=> length $a } @commands;
	my %allowed;
	my $number = 0;

	for my $row (table_below($reference, 'Options'))
	{
		my @all = $row->[2] eq 'all' ? @commands : split /, */, $row->[2];

		for my $option ($row->[0] =~ /(?<![\w-])(--?[a-z][a-z-]*)/g)
		{
			$allowed{"$_ $option"} = 1 for @all;
		}
	}
	for my $page ('README.md', @deploy_pages)
	{
		for my $code (map { /^\s*onboard-aws ([a-z].*)/ } code_of($page))
		{
			my ($command, $rest) = $code =~ /^($known)\b(.*)/;

			$number++;
			ok($command || $code =~ /^vendor$/, "$page: onboard-aws $code") or next;
			ok($allowed{"$command $_"}, "$page: onboard-aws $command has $_")
			  for ($rest // '') =~ /(?<![\w-])(--?[a-z][a-z-]*)/g;
		}
	}
	cmp_ok($number, '>', 30, 'the pages use onboard-aws');
	return;
}

sub check_deploy_samples
{
	for my $block (map { blocks_of($_) } @deploy_pages)
	{
		next unless $block->{language} eq 'sh';
		like($block->{comment}, qr/^not run: ./, "$block->{where}: says why it is not run");
		my $errors = '';
		IPC::Run::run([ 'bash', '-n' ], '<', \$block->{text}, '>&', \$errors);
		is($errors, '', "$block->{where}: is a script");
		check_unrun($block);
	}
	return;
}

# Check that the resources of the templates that the page names exist; *Role stands for several.
sub check_deploy_pointers
{
	my @rows = table_below('glue/deploy/README.md', 'Where each part is');

	for my $row (@rows)
	{
		my ($path) = $row->[1] =~ /\((.*)\)/;
		my ($resources) = slurp("$root/glue/deploy/$path") =~ /^Resources:\n(.*?)(?=^\w|\z)/ms;

		for my $name (split /, /, $row->[2])
		{
			my $pattern = join '\w+', map { quotemeta } split /\*/, $name, -1;

			like($resources, qr/^  $pattern:$/m, "glue/deploy/README.md: $name is in $path");
		}
	}
	cmp_ok(scalar @rows, '>', 15, 'glue/deploy/README.md has the parts of the earlier system');
	return;
}

# Check the names and defaults of the templates' parameters.
sub check_deploy_parameters
{
	my @expected;

	for my $template (qw(database.yaml pipeline.yaml))
	{
		my ($section) = slurp("$root/glue/deploy/templates/$template") =~ /^Parameters:\n(.*?)^(?=\w)/ms;

		while ($section =~ /^  (\w+):\n((?:    .*\n)+)/mg)
		{
			my ($name, $body) = ($1, $2);
			my ($default) = $body =~ /^    Default: (.*)$/m;

			$default =~ s/^"(.*)"$/$1/ if defined $default;
			push @expected, [ $name, $template, !defined $default ? '' : $default eq '' ? 'empty' : $default ];
		}
	}
	is_deeply([ map { [ @$_[ 0 .. 2 ] ] } table_below('glue/deploy/README.md', 'Parameters') ], \@expected,
		'glue/deploy/README.md has the parameters');
	return;
}

# Check that the drawing was made from its source, and follows the reader's theme.
sub check_diagram
{
	my $folder = "$root/glue/deploy";
	my $hash = sha256_hex(map { utf8::encode(my $bytes = slurp("$folder/$_")); $bytes } qw(architecture.dot make_diagram.sh));
	my $drawing = slurp("$folder/architecture.svg");

	like($drawing, qr/<!-- source: $hash -->/, 'architecture.svg is made from its source; run: make diagram');
	like($drawing, qr/prefers-color-scheme: dark/, 'architecture.svg has colours for dark themes');
	return;
}

# Check that each entry of the runbook has the same four parts.
sub check_runbook
{
	my @entries = slurp("$root/glue/deploy/RUNBOOK.md") =~ /^### (.*?)(?=^##|\z)/msg;

	for my $entry (@entries)
	{
		my ($title) = $entry =~ /^(.*)/;

		is_deeply([ $entry =~ /^- \*\*(\w+)\*\*:/mg ], [qw(Symptom Check Fix Confirm)], "RUNBOOK.md: parts of $title");
	}
	cmp_ok(scalar @entries, '>', 20, 'RUNBOOK.md has entries');
	return;
}

# Check META.json: the fields that the PGXN specification requires, and their values.
sub check_meta
{
	my $meta = JSON::PP->new->decode(slurp("$root/META.json"));
	my ($version) = slurp("$root/onboard.control") =~ /^default_version = '(.*)'/m;

	ok(defined $meta->{$_}, "META.json has $_") for qw(abstract maintainer license name version provides meta-spec);
	is_deeply($meta->{'meta-spec'}, { version => '1.0.0', url => 'https://pgxn.org/meta/spec.txt' },
		'META.json names its specification');
	is($meta->{version}, $version, 'META.json has the version');
	is($meta->{provides}{onboard}{version}, $version, 'META.json provides the version');
	ok(-e "$root/$meta->{provides}{onboard}{$_}", "META.json: $_ exists") for qw(file docfile);
	like($meta->{release_status} // 'stable', qr/^(stable|testing|unstable)$/, 'META.json has a valid release status');
	return;
}

# Return the anchors of a page's headings.
sub anchors_of
{
	my ($path) = @_;

	return map { (lc($_) =~ s/[^\w\- ]//gr =~ s/ /-/gr => 1) } slurp($path) =~ /^#+ (.*)$/mg;
}

# Check that every relative link leads to a file, and to an existing heading if it has an anchor.
sub check_links
{
	for my $path (qw(README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md
		sql/README.md glue/README.md glue/MAPS.md glue/lambda/README.md test/README.md), @deploy_pages)
	{
		my $text = slurp("$root/$path");
		my $folder = dirname("$root/$path");

		for my $link (sorted($text =~ /\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)->@*)
		{
			ok(-e "$folder/$link", "$path: $link exists");
		}
		for my $target (sorted($text =~ /\]\(([^):\s]*#[^)]*)\)/g)->@*)
		{
			my ($page, $anchor) = split /#/, $target, 2;
			my %anchors = anchors_of($page eq '' ? "$root/$path" : "$folder/$page");

			ok($anchors{$anchor}, "$path: heading $target exists");
		}
	}
	return;
}

# Check that a reader who has run "make demo" finds the SKUs of the first example free.
sub check_first_example
{
	my @loaded = (glob("$root/test/data/*.csv"), "$root/test/data/maps/shopify.csv");
	my %taken = map { $_ => 1 } map { split /[,\n]/, slurp($_) } @loaded;
	my @skus = sorted(slurp("$root/README.md") =~ /^K-\d,[^,]*,[^,]*,([^,]+),/mg)->@*;

	cmp_ok(scalar @skus, '>', 2, 'README.md begins with products');
	is_deeply([ grep { $taken{$_} } @skus ], [], 'the demo does not take their SKUs');
	return;
}

mkdir "$scratch/shop" or die "$scratch/shop: $!";
run_pages('README.md', 'glue/README.md', 'glue/MAPS.md', 'sql/README.md');
check_commands();
check_exit_codes();
check_sqlstates();
check_failure_codes();
check_endings();
check_rules();
check_limits();
check_functions();
check_columns();
check_grants();
check_settings();
check_transformations();
check_presets();
check_map_statements();
check_headline();
check_modules();
check_pointers();
check_deploy_commands();
check_deploy_samples();
check_deploy_pointers();
check_deploy_parameters();
check_diagram();
check_runbook();
check_meta();
check_links();
check_first_example();
done_testing();
