/* SPDX-License-Identifier: PostgreSQL */
#include "score.h"

#include "histogram.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct score score;

/* The number that stands there in the data, -1: there is none. */
static long number_at(const char *data, const char *name)
{
	const char *found = strstr(data, name);

	return found == NULL ? -1 : strtol(found + strlen(name), NULL, 10);
}

long score_event(const char *data, long user, long seq, bool late)
{
	long number = number_at(data, "\"seq\": ");

	if (number < 0)
		return seq;
	if (number_at(data, "\"user\": ") != user) {
		score.astray++;
		return seq;
	}
	if (number <= seq) {
		score.again++;
		return seq;
	}
	score.last_at = wall_s();
	score.seen++;
	score.missing += number - seq - 1;
	score.reached += number - seq;
	if (!late)
		histogram_add(score.last_at * 1e6 - (double)number_at(data, "\"at\": "));
	return number;
}

/* CPU time of this program so far: is it itself what limits the others? */
static long cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

void score_report(void)
{
	long reached = score.reached;

	printf("{\"seen\":%ld,\"again\":%ld,\"missing\":%ld,\"astray\":%ld,\"ended\":%ld,"
	       "\"refused\":%ld,\"bytes\":%ld,\"reached\":%ld,\"lastAt\":%.6f,\"clientCpuMs\":%ld",
	       score.seen, score.again, score.missing, score.astray, score.ended, score.refused,
	       score.bytes, score.reached, score.last_at, cpu_ms());
	if (measured > 0)
		printf(",\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f", percentile(0.5), percentile(0.99),
		       max_us / 1000);
	puts("}");
	histogram_forget();
	score = (struct score){.reached = reached};
}
