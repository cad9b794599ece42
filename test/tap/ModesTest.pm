# Steps of a history of uploads, for the extension and for the oracle of ModesOracle.pm: each
# step as SQL for either. The tests of changing modes are lists of such steps.
#
# A step is a hash with the key "do":
#   begin    upload, vendor; mode, match, blank, hours (source time), columns (a list)
#   rows     rows, each with upload, row_number, line_number, action, product, attributes;
#            door: ingest (the default; rows of one upload) or copy
#   finish            upload, total;  undo  upload
#   approve, decline  upload, row (0: the last step of a replace; absent: all)
#   insert   vendor, columns;  update  sku, columns;  delete  sku: by SQL
#   sql      text, for both

package ModesTest;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use JSON::PP ();
use PostgreSQL::Test::Utils;

use ModesOracle;
use OnboardTest;
use Oracle;

our @EXPORT = qw(literal json step_of_extension step_of_oracle add_modes_database $modes_reset
  run_steps first_difference);

my $encoder = JSON::PP->new->canonical;

sub literal
{
	my ($value) = @_;

	return 'NULL' unless defined $value;
	$value =~ s/'/''/g;
	return "'$value'";
}

sub json { return $encoder->encode($_[0]); }

# Source times are hours after this one.
sub source_time
{
	my ($hours) = @_;

	return defined $hours ? "timestamptz '2020-01-01 UTC' + interval '$hours hours'" : 'now()';
}

sub list
{
	my ($items) = @_;

	return $items ? 'ARRAY[' . join(', ', map { literal($_) } @$items) . ']::text[]' : 'NULL::text[]';
}

# Return the settings of an upload as arguments of SQL.
sub settings
{
	my ($step) = @_;

	return (literal($step->{mode} // 'insert'), literal($step->{match}), literal($step->{blank} // 'clear'),
		source_time($step->{hours}), list($step->{columns}));
}

sub upload_id { return "(SELECT upload_id FROM oracle.uploads WHERE upload = $_[0])"; }

# ----- the extension -----

sub as_loader { return "SET ROLE loader;\n$_[0]RESET ROLE;\n"; }

# A record of onboard_ingest(): attributes are keys of the product.
sub record
{
	my ($row) = @_;
	my %record = map { $_ => $row->{$_} } grep { defined $row->{$_} } qw(row_number line_number action);

	if (defined $row->{product}{defect_type})
	{
		$record{defect} = { error_type => $row->{product}{defect_type}, message => $row->{product}{defect_message},
			raw => $row->{product}{raw_record} };
	}
	else
	{
		$record{product} = { %{ $row->{product} }, %{ $row->{attributes} // {} } };
	}
	return \%record;
}

sub ingest
{
	my (@rows) = @_;
	my $upload = $rows[0]{upload};
	my $records = json([ map { record($_) } @rows ]);

	return as_loader(<<"SQL");
INSERT INTO oracle.answers SELECT $upload, i.row_number, i.status, i.action, i.product_id,
	array(SELECT e ->> 'error_type' FROM jsonb_array_elements(i.errors) e ORDER BY 1)
	FROM onboard_ingest(@{[ upload_id($upload) ]}, \$json\$$records\$json\$) i;
SQL
}

# COPY rows in their order, through a file.
sub copy
{
	my (@rows) = @_;
	my @columns = (@product_columns, qw(defect_type defect_message raw_record));
	my $file = PostgreSQL::Test::Utils::tempdir() . '/rows';

	return sprintf(<<'SQL', join(', ', map { "r #>> '{product,$_}'" } @columns), json(\@rows), $file)
COPY (SELECT upload_id, r ->> 'row_number', r ->> 'line_number', %s, r -> 'attributes', r ->> 'action'
	FROM jsonb_array_elements($json$%s$json$) WITH ORDINALITY j (r, o)
		JOIN oracle.uploads ON upload = (r ->> 'upload')::int ORDER BY o) TO '%s';
SQL
	  . as_loader("\\copy onboard.intake (upload_id, row_number, line_number, " . join(', ', @columns)
		. ", attributes, action) FROM '$file'\n");
}

# Return a step as statements for the extension.
sub step_of_extension
{
	my ($step) = @_;
	my $do = $step->{do};
	my $upload = $step->{upload};
	my $rows = defined $step->{row} ? "ARRAY[$step->{row}]::bigint[]" : 'NULL';

	if ($do eq 'begin')
	{
		my ($mode, $match, $blank, $time, $columns) = settings($step);

		return as_loader("SELECT onboard_begin_upload('$step->{vendor}', 'x.csv', mode => $mode, match => $match,
			blank => $blank, source_time => $time, columns => $columns) AS upload_id \\gset\n")
		  . "UPDATE oracle.uploads SET upload_id = :'upload_id' WHERE upload = $upload;\n";
	}
	return ingest(@{ $step->{rows} }) if $do eq 'rows' && ($step->{door} // 'ingest') eq 'ingest';
	return copy(@{ $step->{rows} }) if $do eq 'rows';
	return as_loader('SELECT FROM onboard_finish_upload(' . upload_id($upload) . ", $step->{total});\n") if $do eq 'finish';
	# An upload that failed has nothing to undo, which the function reports.
	return "SELECT FROM onboard.upload_history h, LATERAL onboard_undo_upload(h.upload_id)
		WHERE h.upload_id = @{[ upload_id($upload) ]} AND h.status <> 'failed';\n" if $do eq 'undo';
	return "SELECT FROM onboard_${do}_rows(" . upload_id($upload) . ", $rows);\n" if $do eq 'approve' || $do eq 'decline';
	return 'DELETE FROM onboard.products WHERE sku = ' . literal($step->{sku}) . ";\n" if $do eq 'delete';
	return $step->{text} . "\n" if $do eq 'sql';

	my %columns = %{ $step->{columns} };
	my @names = sort keys %columns;
	my %value = map { $_ => literal(ref $columns{$_} ? json($columns{$_}) : $columns{$_}) } @names;

	return 'UPDATE onboard.products SET ' . join(', ', map { "$_ = $value{$_}" } @names) . ' WHERE sku = '
	  . literal($step->{sku}) . ";\n" if $do eq 'update';
	return 'INSERT INTO onboard.products (vendor_id, ' . join(', ', @names) . ") VALUES ('$step->{vendor}', "
	  . join(', ', @value{@names}) . ");\n" if $do eq 'insert';
	die "unknown step $do";
}

# ----- the oracle -----

# Return a step as statements for the oracle.
sub step_of_oracle
{
	my ($step) = @_;
	my $do = $step->{do};
	my $row = $step->{row} // 'NULL';

	return "SELECT FROM oracle.begin($step->{upload}, " . join(', ', literal($step->{vendor}), settings($step)) . ");\n"
	  if $do eq 'begin';
	if ($do eq 'rows')
	{
		# onboard_ingest() takes its records by number.
		my @rows = ($step->{door} // 'ingest') eq 'copy' ? @{ $step->{rows} }
		  : sort { $a->{row_number} <=> $b->{row_number} } @{ $step->{rows} };

		my %uploads = map { $_->{upload} => 1 } @rows;

		return join '', (map { "SELECT FROM oracle.row($_->{upload}, \$json\$" . json($_) . "\$json\$);\n" } @rows),
		  map { "SELECT FROM oracle.supersede($_);\n" } sort keys %uploads;
	}
	return "SELECT FROM oracle.finish($step->{upload}, $step->{total});\n" if $do eq 'finish';
	return "SELECT FROM oracle.undo($step->{upload});\n" if $do eq 'undo';
	return "SELECT FROM oracle.$do($step->{upload}, $row);\n" if $do eq 'approve' || $do eq 'decline';
	return 'SELECT FROM oracle.sql_delete(' . literal($step->{sku}) . ");\n" if $do eq 'delete';
	return "SELECT FROM oracle.sql_$do(" . literal($step->{sku} // $step->{vendor}) . ", \$json\$" . json($step->{columns})
	  . "\$json\$);\n" if $do eq 'update' || $do eq 'insert';
	return '' if $do eq 'sql';
	die "unknown step $do";
}

# ----- running steps -----

# Create a database with the extension, the oracle, and vendors that may use every mode.
sub add_modes_database
{
	my ($node, $database, @vendors) = @_;

	add_database($node, $database, @vendors);
	$node->safe_psql($database, $oracle_rules . $modes_oracle . $modes_comparison . <<'SQL');
UPDATE onboard.vendors SET modes = '{insert,upsert,update,replace}';
INSERT INTO onboard.product_categories (category_name, is_active) VALUES ('Retired', false);
SQL
	return;
}

# Start over with an empty catalogue on both sides.
our $modes_reset = <<'SQL';
TRUNCATE onboard.products, onboard.upload_history, onboard.validation_errors, onboard.judged_rows, onboard.row_actions,
	onboard.product_changes, onboard.held_rows, onboard.outbox, onboard.item_checks;
TRUNCATE oracle.uploads, oracle.products, oracle.rows, oracle.errors, oracle.actions, oracle.changes, oracle.held, oracle.ids,
	oracle.answers;
UPDATE onboard.vendors SET price_guard = DEFAULT, sold_out_guard = DEFAULT, discontinue_guard = DEFAULT;
SQL

# Run steps on both sides, in one session, then a query on each; return their results.
sub run_steps
{
	my ($node, $database, $of_oracle, $of_extension, @steps) = @_;
	my $script = $modes_reset . join('', map { step_of_oracle($_) . step_of_extension($_) } @steps)
	  . "\\echo oracle\n$of_oracle;\n\\echo extension\n$of_extension;\n";
	my ($out, $err) = run_script($node, $database, $script);

	die "$out$err" unless $out =~ /^oracle\n(.*)^extension\n(.*)/ms;
	return ($1, $2);
}

# Run a script in one session that ends at the first error.
sub run_script
{
	my ($node, $database, $script) = @_;
	my $path = PostgreSQL::Test::Utils::tempdir() . '/steps.sql';
	my ($out, $err) = ('', '');

	utf8::encode($script) if utf8::is_utf8($script);
	write_file($path, $script);
	IPC::Run::run([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', $path ],
		'>', \$out, '2>', \$err);
	return ($out, $err);
}

# Run steps on both sides, in one session. After each step, everything that they store
# must be the same. Return the number of the first step after which it is not, and what
# differs or failed, or nothing.
sub first_difference
{
	my ($node, $database, @steps) = @_;
	my $script = $modes_reset;
	my $number = 0;

	foreach my $step (@steps)
	{
		$script .= "\\echo step @{[ $number++ ]}\n" . step_of_oracle($step) . step_of_extension($step) . <<'SQL';
SELECT FROM oracle.note_ids();
SELECT EXISTS (SELECT FROM oracle.differences()) AS differs \gset
\if :differs
SELECT difference FROM oracle.differences() LIMIT 12;
\q
\endif
SQL
	}
	my ($out, $err) = run_script($node, $database, $script);
	my ($last, $differences) = $out =~ /.*^step (\d+)\n(.*)/ms;

	# NOTICEs and WARNINGs do not count.
	$err = '' unless $err =~ /ERROR|FATAL|server closed/;
	return if $differences eq '' && $err eq '';
	return ($last, $differences . $err);
}

1;
