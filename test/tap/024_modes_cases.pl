# Changing uploads case by case: test/data/modes_cases.txt, which explains its language.
# Each case runs against the oracle of ModesOracle.pm and against the extension, in which
# the rows of an upload arrive one by one, all at once, twice, and by the plain path.

use strict;
use warnings FATAL => 'all';
use utf8;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Text::ParseWords qw(shellwords);

use ModesTest;
use OnboardTest;
use Oracle;

my @counters = qw(inserted updated unchanged stale held discontinued discontinued_missing);

# ----- the facts that a case states, as each side reports them -----

my %fact_of = (
	oracle => {
		row => 'SELECT action, types FROM oracle.rows r, LATERAL (SELECT string_agg(concat(error_type,
			\'(\' || error_field || \')\'), \', \' ORDER BY error_type, error_field) FROM oracle.errors e
			WHERE e.upload = r.upload AND e.row_number = r.row_number) e (types) WHERE upload = %s AND row_number = %s',
		upload => 'SELECT to_jsonb(u) FROM oracle.uploads u WHERE upload = %s',
		product => 'SELECT data FROM oracle.products WHERE vendor_product_id = %s',
		history => 'SELECT string_agg(action, \', \' ORDER BY seq) FROM oracle.changes WHERE origin = \'sql:\' || upper(%1$s)
			OR origin IN (SELECT origin FROM oracle.products WHERE vendor_product_id = %1$s)',
		held => 'SELECT row_number, cause, current_value, new_value, outcome FROM oracle.held WHERE upload = %s',
	},
	extension => {
		row => 'SELECT action, (SELECT string_agg(concat(error_type, CASE WHEN error_type <> \'INVALID_ACTION\'
			THEN \'(\' || error_field || \')\' END), \', \' ORDER BY error_type, error_field) FROM onboard.validation_errors
			WHERE upload_id = u.upload_id AND row_number = a.row_number) AS types
			FROM oracle.answers a JOIN oracle.uploads u USING (upload) WHERE upload = %s AND row_number = %s',
		upload => 'SELECT to_jsonb(h) FROM onboard.upload_history h WHERE upload_id =
			(SELECT upload_id FROM oracle.uploads WHERE upload = %s)',
		product => 'SELECT to_jsonb(p) FROM onboard.products p WHERE vendor_product_id = %s',
		history => 'SELECT string_agg(action, \', \' ORDER BY change_id) FROM onboard.product_changes WHERE product_id IN
			(SELECT product_id FROM oracle.ids WHERE origin = \'sql:\' || upper(%1$s)
				UNION SELECT product_id FROM onboard.products WHERE vendor_product_id = %1$s)',
		held => 'SELECT row_number, cause, current_value, new_value, outcome FROM onboard.held_rows WHERE upload_id =
			(SELECT upload_id FROM oracle.uploads WHERE upload = %s)',
	});

# Return a query for a fact of one side, as a text.
sub fact
{
	my ($side, $kind, @arguments) = @_;
	my $names = $kind =~ /^(is|end)$/ ? pop @arguments : [];
	my $from = sprintf $fact_of{$side}{ { is => 'product', gone => 'product', end => 'upload' }->{$kind} // $kind }, @arguments;
	my $listed = join ' || \' \' || ', map { "'$_=' || coalesce(replace(f ->> '$_', '\"', ''), 'NULL')" } @$names;

	# A row that is delivered again has the same outcome.
	return "SELECT DISTINCT coalesce(types, action) FROM ($from) t" if $kind eq 'row';
	return "SELECT coalesce(max($listed), 'no such product') FROM ($from) t (f)" if $kind eq 'is';
	return "SELECT concat_ws(' ', f ->> 'status', " . ($listed || 'NULL') . ") FROM ($from) t (f)" if $kind eq 'end';
	return "SELECT count(*) FROM ($from) t" if $kind eq 'gone';
	return "SELECT coalesce(($from), 'none')" if $kind eq 'history';
	return "SELECT coalesce(string_agg(concat_ws(' ', coalesce(row_number::text, 'step'), cause,
		trim_scale(current_value::numeric), trim_scale(new_value::numeric), outcome), '; ' ORDER BY row_number), 'none')
		FROM ($from) t";
}

# ----- the language of the cases -----

my @cases;
my $upload = 0;     # number of the newest upload of all cases

sub pairs
{
	return map { my ($name, $value) = split /=/, $_, 2; $name => $value eq 'NULL' ? undef : $value } @_;
}

# Split the values of a row into columns, attributes and action.
sub values_of
{
	my (%pairs) = @_;
	my %row = (action => delete $pairs{action}, product => {}, attributes => {});

	foreach my $name (keys %pairs)
	{
		$row{ $name =~ /^\@/ ? 'attributes' : 'product' }{ $name =~ s/^\@//r } = $pairs{$name};
	}
	delete $row{attributes} unless %{ $row{attributes} };
	return %row;
}

sub all_columns
{
	my ($key) = @_;

	return (vendor_product_id => $key, sku => uc $key, product_name => 'Lamp', category => 'Books', price => '10.00',
		stock_quantity => 5);
}

sub add_row
{
	my ($case, $full, $key, @words) = @_;
	my $current = $case->{uploads}[ $case->{use} ];
	my $match = $current->{begin}{match} // 'vendor_product_id';
	my %named = $key eq '-' ? () : $match eq 'sku' ? (sku => uc $key) : (vendor_product_id => $key);
	my %row = values_of($full ? all_columns($key) : %named, pairs(@words));

	delete @{ $row{product} }{ grep { !defined $row{product}{$_} } keys %{ $row{product} } };
	push @{ $case->{steps} }, { do => 'rows', rows => [ { %row, upload => $current->{number},
		row_number => ++$current->{rows}, line_number => $current->{rows} + 1 } ] };
	return ($current->{number}, $current->{rows});
}

# Each statement of a case adds steps, and returns what to expect: kind and arguments of fact().
my %statement = (
	vendor => sub {
		my ($case, @words) = @_;
		my %set = pairs(@words);

		push @{ $case->{steps} }, { do => 'sql', text => 'UPDATE onboard.vendors SET ' . join(', ',
			map { "$_ = " . literal($set{$_}) } sort keys %set) . q( WHERE vendor_id = 'CASE-1';) };
		return;
	},
	sql => sub { my ($case, @words) = @_; push @{ $case->{steps} }, { do => 'sql', text => "@words;" }; return },
	product => sub {
		my ($case, $key, @words) = @_;
		my %pairs = pairs(@words);
		my $vendor = delete $pairs{vendor} // 'CASE-1';
		my %row = values_of(all_columns($key), %pairs);

		$row{product}{attributes} = $row{attributes} // {};
		push @{ $case->{steps} }, { do => 'insert', vendor => $vendor, columns => $row{product} };
		return;
	},
	set => sub {
		my ($case, $key, @words) = @_;

		push @{ $case->{steps} }, { do => 'update', sku => uc $key, columns => { pairs(@words) } };
		return;
	},
	delete => sub { my ($case, $key) = @_; push @{ $case->{steps} }, { do => 'delete', sku => uc $key }; return },
	upload => sub {
		my ($case, $mode, @words) = @_;
		my %begin = (do => 'begin', upload => ++$upload, vendor => 'CASE-1', mode => $mode, pairs(@words));

		$begin{columns} = [ split /,/, $begin{columns} ] if defined $begin{columns};
		push @{ $case->{steps} }, \%begin;
		push @{ $case->{uploads} }, { number => $upload, rows => 0, begin => \%begin };
		$case->{use} = $#{ $case->{uploads} };
		return;
	},
	use => sub { my ($case, $number) = @_; $case->{use} = $number - 1; return },
	row => sub { my ($case, @words) = @_; return ('row', add_row($case, 0, @words)) },
	full => sub { my ($case, @words) = @_; return ('row', add_row($case, 1, @words)) },
	end => sub {
		my ($case, $expected) = @_;
		my $current = $case->{uploads}[ $case->{use} ];

		push @{ $case->{steps} }, { do => 'finish', upload => $current->{number}, total => $current->{rows} };
		return ('end', $current->{number}, [ $expected =~ /(\w+)=/g ]);
	},
	is => sub { my ($case, $key, @words) = @_; return ('is', literal($key), [ map { /^(\w+)=/ } @words ]) },
	gone => sub { my ($case, $key) = @_; return ('gone', literal($key)) },
	history => sub { my ($case, $key) = @_; return ('history', literal($key)) },
	held => sub { my ($case) = @_; return ('held', $case->{uploads}[ $case->{use} ]{number}) });
foreach my $decision (qw(undo approve decline))
{
	$statement{$decision} = sub {
		my ($case, $row) = @_;

		push @{ $case->{steps} }, { do => $decision, upload => $case->{uploads}[ $case->{use} ]{number}, row => $row };
		return;
	};
}

my $line_number = 0;
foreach my $line (split /\n/, slurp_file(source_root() . '/test/data/modes_cases.txt'))
{
	$line_number++;
	next if $line =~ /^(#|\s*$)/;
	if ($line =~ /^case (.*)/)
	{
		push @cases, { name => $1, line => $line_number, steps => [], uploads => [], use => 0 };
		next;
	}
	my ($text, $expected) = split / => /, $line;
	my ($verb, @words) = $text =~ /^sql (.*)/ ? ('sql', $1) : shellwords($text);
	my ($kind, @fact) = ($statement{$verb} // die "line $line_number: unknown statement $verb")
	  ->($cases[-1], $verb eq 'end' ? $expected : @words);

	next unless defined $kind;
	$expected = join ' ', @words[ 1 .. $#words ] if $kind eq 'is';
	$expected = 0 if $kind eq 'gone';
	push @{ $cases[-1]{steps} }, { expect => $expected, line => $line_number, fact => [ $kind, @fact ] };
}

# ----- running them -----

my $node = new_server('cases');
my $directory = PostgreSQL::Test::Utils::tempdir();
# Join consecutive rows of an upload, and defer what is expected until after them.
sub at_once
{
	my @joined;
	my @expected;

	foreach my $step (@_)
	{
		if (defined $step->{expect} && $step->{fact}[0] eq 'row')
		{
			push @expected, $step;
		}
		elsif (@joined && @expected && ($step->{do} // '') eq 'rows' && $joined[-1]{rows}[0]{upload} == $step->{rows}[0]{upload})
		{
			push @{ $joined[-1]{rows} }, @{ $step->{rows} };
		}
		else
		{
			push @joined, splice(@expected), { %$step, $step->{rows} ? (rows => [ @{ $step->{rows} } ]) : () };
		}
	}
	return @joined, @expected;
}

sub statements
{
	my ($case, @steps) = @_;
	my $script = "$modes_reset\\echo case $case->{line}\n";

	foreach my $step (@steps)
	{
		if (defined $step->{expect})
		{
			$script .= "\\echo line $step->{line} $_\n" . fact($_, @{ $step->{fact} }) . ";\n" foreach qw(oracle extension);
		}
		else
		{
			$script .= step_of_oracle($step) . step_of_extension($step) . "SELECT FROM oracle.note_ids();\n";
		}
	}
	return $script;
}

# Run all cases in one session; return the answers by line and side.
sub run_cases
{
	my ($settings, $prepare) = @_;
	my %answer;
	my ($side, $line) = ('', 0);

	write_file("$directory/cases.sql", "$settings\n" . join '', map { statements($_, $prepare->(@{ $_->{steps} })) } @cases);
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XqAt', '-d', $node->connstr('cases'), '-f', "$directory/cases.sql" ], '>', \$out, '2>', \$err);
	foreach my $text (split /\n/, $out)
	{
		if ($text =~ /^line (\d+) (\w+)$/)
		{
			($line, $side) = ($1, $2);
			$answer{$line}{$side} //= '';
		}
		elsif ($text !~ /^case \d+$/ && $line)
		{
			$answer{$line}{$side} .= $text;
		}
	}
	note $err if $err ne '';
	return \%answer;
}

add_modes_database($node, 'cases', 'CASE-1', 'CASE-2');
foreach my $way ([ 'one by one', '', sub { @_ } ], [ 'all at once', '', \&at_once ],
	[ 'the plain path', 'SET onboard.load_path = plain;', \&at_once ],
	[ 'each row twice', '', sub { map { ($_->{do} // '') eq 'rows' ? ($_, $_) : $_ } @_ } ])
{
	my ($name, $settings, $prepare) = @$way;
	my $answer = run_cases($settings, $prepare);

	foreach my $side ($name eq 'one by one' ? qw(oracle extension) : 'extension')
	{
		foreach my $case (@cases)
		{
			my @wrong = map { my $said = $answer->{ $_->{line} }{$side} // '';
				$said eq $_->{expect} ? () : "line $_->{line}: expected $_->{expect}; got $said" }
			  grep { defined $_->{expect} } @{ $case->{steps} };

			is(join("\n", @wrong), '', "$side, $name: $case->{name}");
		}
	}
}
$node->stop;
done_testing();
