# Newest wins: late, repeated and reordered deliveries never bring an old value back.
#
# A set of files is loaded in many orders: whole or in parts that alternate with those of
# other files, some of them several times, some loaded and undone. Whatever the order, each
# column of each product ends with the value of the newest file that has it. The status is
# a column that rows of upsert and replace and rows that delete have. The expected state
# is computed from the files alone. Guards are off, all products exist before, and no
# row's validity depends on another file.
#
# ONBOARD_SEED repeats a run; ONBOARD_ROUNDS sets the number of sets of files.

use strict;
use warnings FATAL => 'all';

use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use ModesTest;
use OnboardTest;
use Oracle;

use constant {
	PRODUCTS => 8,
	ORDERS => 6,
};

my $seed = random_seed();
my $rounds = $ENV{ONBOARD_ROUNDS} // 8;
my $node = new_server('newest');
my %value_of = (price => sub { between(1, 99) . '.00' }, stock_quantity => sub { one_of(0, between(1, 9)) },
	brand => sub { one_of('', 'Acme', 'Bolt') }, unit => sub { one_of('', 'box') },
	description => sub { one_of('', 'Text', 'More') },
	product_name => sub { one_of('Lamp', 'Light') }, category => sub { one_of('Books', 'Garden') });
my @columns = sort keys %value_of;
my @attributes = qw(Colour Size);
my %stored_blank = (unit => 'piece', brand => undef, description => undef);

# ----- files -----

# Return files with different times. The last step of a replace skips products that newer files
# name, whatever their values. So that its outcome does not depend on the order, all files of a set
# with such a file set the status.
sub random_files
{
	my @modes = one_of([qw(update)], [qw(update update upsert)], [qw(upsert)]);
	my $has_replace = $modes[0][0] eq 'upsert';
	my @hours = shuffle(1 .. 40);
	my @files;

	foreach my $hours (@hours[ 0 .. between(2, 6) ])
	{
		my $mode = one_of(@{ $modes[0] });
		my %listed = map { $_ => 1 } grep { chance(0.4) } @columns, @attributes;
		my @rows;

		$listed{$_} = 1 foreach $mode eq 'update' ? () : qw(product_name category price stock_quantity);
		foreach my $product (grep { chance(0.6) } 1 .. PRODUCTS)
		{
			my %row = map { $_ => $value_of{$_}->() } grep { $listed{$_} } @columns;

			$row{$_} = one_of('', 'red', 'blue') foreach grep { $listed{$_} } @attributes;
			push @rows, { product => $product, values => \%row, delete => chance(0.1) };
		}
		$mode = 'replace' if $has_replace && (!@files || chance(0.3));
		push @files, { hours => $hours, mode => $mode, columns => [ sort keys %listed ], rows => \@rows } if @rows;
	}
	return @files;
}

# Return the state that the files describe, as lines.
sub state_of_files
{
	my @files = sort { $a->{hours} <=> $b->{hours} } @_;
	my @lines;

	foreach my $product (1 .. PRODUCTS)
	{
		my %state = (price => '10.00', stock_quantity => 5, brand => 'Old', unit => 'set', description => undef,
			product_name => 'Lamp', category => 'Books', Colour => 'green', Size => undef);
		my $on_sale = 1;

		foreach my $file (@files)
		{
			my ($row) = grep { $_->{product} == $product } @{ $file->{rows} };

			if (!$row)
			{
				$on_sale = 0 if $file->{mode} eq 'replace';
				next;
			}
			$on_sale = $row->{delete} ? 0 : 1 if $row->{delete} || $file->{mode} ne 'update';
			next if $row->{delete};
			foreach my $name (sort keys %{ $row->{values} })
			{
				my $value = $row->{values}{$name};

				$state{$name} = $value eq '' ? $stored_blank{$name} : $value;
			}
		}
		push @lines, join '|', "p$product", (map { $state{$_} // '' } @columns, @attributes),
		  !$on_sale ? 'discontinued' : $state{stock_quantity} ? 'active' : 'out_of_stock';
	}
	return join "\n", @lines;
}

# ----- deliveries -----

my $upload;

# Return the steps that load a file: begin, its rows in parts, end.
sub load_steps
{
	my ($file) = @_;
	my $number = ++$upload;
	my $row_number = 0;
	my @rows = map { my %values = %{ $_->{values} };
		my %own = map { $_ => delete $values{$_} } grep { exists $values{$_} } @attributes;
		{ upload => $number, row_number => ++$row_number, action => $_->{delete} ? 'delete' : undef,
			product => { %values, vendor_product_id => "p$_->{product}",
				$file->{mode} eq 'update' ? () : (sku => "S$_->{product}") }, attributes => \%own } } @{ $file->{rows} };
	my @parts;

	@rows = shuffle(@rows) if chance(0.5);
	push @parts, { do => 'rows', door => one_of('ingest', 'copy'), rows => [ splice @rows, 0, between(1, 5) ] } while @rows;
	# A part that is delivered again changes nothing.
	push @parts, one_of(@parts) if chance(0.3);
	return ({ do => 'begin', upload => $number, vendor => 'NEW-1', mode => $file->{mode}, hours => $file->{hours},
			columns => [ 'vendor_product_id', $file->{mode} eq 'update' ? () : 'sku', @{ $file->{columns} } ] },
		@parts, { do => 'finish', upload => $number, total => $row_number });
}

# Return the steps that load the files in some order, some of them repeatedly. Each of
# the files that are to be undone is loaded and undone without another file in between.
sub deliveries
{
	my ($files, $undone) = @_;
	my @queues = map { [ load_steps($_) ] } shuffle(@$files, grep { chance(0.3) } @$files);
	my @steps;

	while (@queues)
	{
		my $queue = $queues[ chance(0.6) ? 0 : int rand @queues ];
		my $count = chance(0.6) ? scalar @$queue : 1;

		push @steps, splice @$queue, 0, $count;
		if (@$undone && chance(0.2))
		{
			push @steps, load_steps(one_of(@$undone)), { do => 'undo', upload => $upload };
		}
		@queues = grep { @$_ } @queues;
	}
	return @steps;
}

# ----- rounds -----

add_modes_database($node, 'newest', 'NEW-1');
my @products = ({ do => 'sql', text => 'UPDATE onboard.vendors SET price_guard = NULL, sold_out_guard = NULL,
		discontinue_guard = NULL;' },
	map { { do => 'insert', vendor => 'NEW-1', columns => { vendor_product_id => "p$_", sku => "S$_", product_name => 'Lamp',
		category => 'Books', price => '10.00', stock_quantity => 5, brand => 'Old', unit => 'set',
		attributes => { Colour => 'green' } } } } 1 .. PRODUCTS);
my $listed = join ', ', map { "d ->> '$_'" } @columns;
my $state = "SELECT concat_ws('|', d ->> 'vendor_product_id', "
  . join(', ', (map { "coalesce(d ->> '$_', '')" } @columns), map { "coalesce(d -> 'attributes' ->> '$_', '')" } @attributes)
  . ", d ->> 'status') FROM %s ORDER BY d ->> 'vendor_product_id'";

foreach my $round (1 .. $rounds)
{
	my @files = random_files();
	my @undone = !(grep { $_->{mode} eq 'replace' } @files) && chance(0.6) ? grep { $_->{mode} ne 'replace' } random_files() : ();
	my $expected = state_of_files(@files) . "\n";

	$_->{hours} += 0.5 foreach @undone;
	foreach my $order (1 .. ORDERS)
	{
		$upload = 0;
		my @steps = (@products, deliveries(\@files, \@undone));
		my ($oracle, $extension) = run_steps($node, 'newest', sprintf($state, 'oracle.products o, LATERAL (SELECT o.data) s (d)'),
			sprintf($state, 'onboard.products p, LATERAL (SELECT to_jsonb(p)) s (d)'), @steps);

		is($oracle, $expected, "files $round, order $order: the oracle ends with the newest values (ONBOARD_SEED=$seed)");
		is($extension, $expected, "files $round, order $order: the extension, too (ONBOARD_SEED=$seed)")
		  or diag join "\n", map { json($_) } @steps[ @products .. $#steps ];
	}
}
$node->stop;
done_testing();
