/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  A progress bar on a terminal, nothing anywhere else.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "database.h"
#include "progress.h"
#include "terminal.h"

/* At most ten times a second, and first when it may be worth it. */
#define DRAW_INTERVAL_MS	100
#define FIRST_DRAW_MS		200

#define LINE_SIZE			512
#define LONGEST_BAR			40

/* Columns of all that stands beside the bar. */
#define TEXT_COLUMNS		64

void
progress_begin(struct progress *progress, bool enabled, const char *label,
			   const char *unit, int64_t total, int64_t first)
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
 * Draw the bar itself into line, so many columns wide; returns its bytes.
 */
static int
format_bar(char *line, size_t size, int columns, int64_t done, int64_t total)
{
	const char *full = terminal_is_utf8() ? "\xE2\x96\x88" : "#";
	const char *empty = terminal_is_utf8() ? "\xE2\x96\x91" : ".";
	int			filled = total > 0 ? (int) (done * columns / total) : 0;
	int			used = 0;

	for (int i = 0; i < columns; i++)
		used += snprintf(line + used, size - used, "%s", i < filled ? full : empty);
	return used;
}

/*
 * "1,234 rows  567 rows/s", or the same in megabytes.
 */
static int
format_amount(const struct progress *progress, char *line, size_t size,
			  int64_t done, int64_t rate)
{
	char		amount[TERMINAL_COUNT_SIZE];
	char		speed[TERMINAL_COUNT_SIZE];
	bool		bytes = strcmp(progress->unit, "bytes") == 0;
	const char *unit = bytes ? "MB" : progress->unit;
	int64_t		divisor = bytes ? 1000000 : 1;

	return snprintf(line, size, "  %s %s  %s %s/s",
					terminal_count(amount, done / divisor), unit,
					terminal_count(speed, rate / divisor), unit);
}

static void
draw(struct progress *progress, int64_t done, int64_t elapsed_ms)
{
	char		line[LINE_SIZE];
	char		left[32];
	int64_t		rate = (done - progress->first) * 1000 / elapsed_ms;
	int			columns = terminal_width() - TEXT_COLUMNS;
	int			used;

	if (columns > LONGEST_BAR)
		columns = LONGEST_BAR;
	used = snprintf(line, sizeof(line), "%s ", progress->label);
	if (progress->total > 0)
	{
		if (columns >= 5)
			used += format_bar(line + used, sizeof(line) - used, columns, done, progress->total);
		used += snprintf(line + used, sizeof(line) - used, " %3d%%",
						 (int) (done * 100 / progress->total));
	}
	used += format_amount(progress, line + used, sizeof(line) - used, done, rate);
	if (progress->total > 0 && rate > 0)
	{
		format_duration(left, sizeof(left), (progress->total - done + rate - 1) / rate);
		snprintf(line + used, sizeof(line) - used, "  %s left", left);
	}
	terminal_set_progress(line);
}

void
progress_update(struct progress *progress, int64_t done)
{
	int64_t		now;

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
