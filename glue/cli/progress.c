/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  Draw a progress bar on a terminal.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/progress.h"
#include "cli/terminal.h"

/* Redraw at most ten times a second; draw nothing for short operations. */
#define DRAW_INTERVAL_MS 100
#define FIRST_DRAW_MS 200

#define LINE_SIZE 512
#define LONGEST_BAR 40
#define SHORTEST_BAR 5

/* Columns reserved for the text around the bar. */
#define TEXT_COLUMNS 64

void
progress_begin(struct progress *progress, bool enabled, const char *label, const char *unit,
			   int64_t total, int64_t first)
{
	progress->enabled = enabled && terminal_has_progress();
	progress->label = label;
	progress->unit = unit;
	progress->total = total;
	progress->first = first;
	progress->started_ms = clock_milliseconds();
	progress->next_ms = progress->started_ms + FIRST_DRAW_MS;
}

/*
 * "1:05:09", "2:41" or "8 s".
 */
static void
format_duration(char *buffer, size_t size, int64_t seconds)
{
	if (seconds >= 3600)
		snprintf(buffer, size, "%lld:%02d:%02d", (long long) seconds / 3600,
				 (int) (seconds / 60 % 60), (int) (seconds % 60));
	else if (seconds >= 60)
		snprintf(buffer, size, "%d:%02d", (int) (seconds / 60), (int) (seconds % 60));
	else
		snprintf(buffer, size, "%d s", (int) seconds);
}

/*
 * Format the bar itself into line, columns wide; returns its length in bytes.
 */
static int
format_bar(char *line, size_t size, int columns, int64_t done, int64_t total)
{
	const char *full = terminal_is_utf8() ? "\xE2\x96\x88" : "#";
	const char *empty = terminal_is_utf8() ? "\xE2\x96\x91" : ".";
	int filled = total > 0 ? (int) (done * columns / total) : 0;
	int used = 0;

	for (int i = 0; i < columns; i++)
		used += snprintf(line + used, size - used, "%s", i < filled ? full : empty);
	return used;
}

/* Parts of a line in order, except for the bar. */
enum part
{
	PART_LABEL,
	PART_PERCENT,
	PART_AMOUNT,
	PART_RATE,
	PART_LEFT,
	PART_COUNT
};

#define PART_SIZE 64

/*
 * Format the parts, each with its leading blanks; unknown ones stay empty.
 */
static void
format_parts(const struct progress *progress, char parts[PART_COUNT][PART_SIZE], int64_t done,
			 int64_t rate)
{
	char number[TERMINAL_COUNT_SIZE];
	char left[32];
	bool bytes = strcmp(progress->unit, "bytes") == 0;
	const char *unit = bytes ? "MB" : progress->unit;
	int64_t divisor = bytes ? 1000000 : 1;

	snprintf(parts[PART_LABEL], PART_SIZE, "%s ", progress->label);
	snprintf(parts[PART_AMOUNT], PART_SIZE, "  %s %s", terminal_count(number, done / divisor),
			 unit);
	snprintf(parts[PART_RATE], PART_SIZE, "  %s %s/s", terminal_count(number, rate / divisor),
			 unit);
	if (progress->total <= 0)
		return;
	snprintf(parts[PART_PERCENT], PART_SIZE, " %3d%%", (int) (done * 100 / progress->total));
	if (rate <= 0)
		return;
	format_duration(left, sizeof(left), (progress->total - done + rate - 1) / rate);
	snprintf(parts[PART_LEFT], PART_SIZE, "  %s left", left);
}

/*
 * Drop parts that do not fit, least important first.  Returns the width of the
 * rest.
 */
static int
drop_parts(char parts[PART_COUNT][PART_SIZE], int room)
{
	static const enum part least_first[] = {PART_RATE, PART_LEFT, PART_AMOUNT};
	int columns = 0;

	for (int part = 0; part < PART_COUNT; part++)
		columns += terminal_text_columns(parts[part]);
	for (size_t i = 0; i < sizeof(least_first) / sizeof(least_first[0]) && columns > room; i++)
	{
		columns -= terminal_text_columns(parts[least_first[i]]);
		parts[least_first[i]][0] = '\0';
	}
	return columns;
}

static void
draw(struct progress *progress, int64_t done, int64_t elapsed_ms)
{
	char parts[PART_COUNT][PART_SIZE] = {{0}};
	char line[LINE_SIZE];
	int room = terminal_width(stderr) - 1;
	int columns;
	int used;

	format_parts(progress, parts, done, (done - progress->first) * 1000 / elapsed_ms);
	columns = drop_parts(parts, room);
	/* Growing numbers must not make the bar shrink. */
	columns = room - (columns > TEXT_COLUMNS ? columns : TEXT_COLUMNS);
	if (columns > LONGEST_BAR)
		columns = LONGEST_BAR;
	used = snprintf(line, sizeof(line), "%s", parts[PART_LABEL]);
	if (progress->total > 0 && columns >= SHORTEST_BAR)
		used += format_bar(line + used, sizeof(line) - used, columns, done, progress->total);
	snprintf(line + used, sizeof(line) - used, "%s%s%s%s", parts[PART_PERCENT], parts[PART_AMOUNT],
			 parts[PART_RATE], parts[PART_LEFT]);
	terminal_set_progress(line);
}

void
progress_update(struct progress *progress, int64_t done)
{
	int64_t now;

	if (!progress->enabled)
		return;
	now = clock_milliseconds();
	if (now < progress->next_ms)
		return;
	progress->next_ms = now + DRAW_INTERVAL_MS;
	if (progress->total > 0 && done > progress->total)
		done = progress->total;
	draw(progress, done, now - progress->started_ms);
}

void
progress_end(struct progress *progress)
{
	if (progress->enabled)
		terminal_set_progress("");
	progress->enabled = false;
}
