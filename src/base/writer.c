/* SPDX-License-Identifier: PostgreSQL */
#include "base/writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"

struct line {
	struct list link;
	uint64_t lost; /* how many were dropped right before it */
	size_t len;
	char bytes[];
};

/* --- the thread --- */

/* Others that share the file may have made it one that does not block. */
static bool wait_for_room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

/* One write for each line keeps the lines of several processes apart. *torn is true while the last
 * line stands in the file without its end. */
static bool write_line(int fd, const char *bytes, size_t len, bool *torn)
{
	if (*torn && write(fd, "\n", 1) != 1)
		return false;
	*torn = false;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, bytes + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (!(n < 0 && errno == EINTR) &&
			 !(n < 0 && errno == EAGAIN && wait_for_room(fd))) {
			*torn = done > 0;
			return false;
		}
	}
	return true;
}

static bool tell(struct writer *w, uint64_t lost, bool *torn)
{
	struct buf line;
	bool told;

	buf_init(&line);
	w->tell(&line, lost);
	told = write_line(w->fd, line.data, line.len, torn);
	buf_release(&line);
	return told;
}

/* Both are called with the lock. */
static struct line *take_first(struct writer *w)
{
	struct line *line;

	if (list_empty(&w->lines))
		return NULL;
	line = list_first(&w->lines, struct line, link);
	list_remove(&line->link);
	w->bytes -= line->len;
	return line;
}

static uint64_t take_lost(struct writer *w, const struct line *line)
{
	uint64_t lost = line != NULL ? line->lost : w->lost;

	if (line == NULL)
		w->lost = 0;
	return lost;
}

/* Lines come in bursts. To be woken for each of them costs more than to write it. */
static void wait_for_lines(struct writer *w)
{
	static const struct timespec burst = {.tv_nsec = WRITER_BURST_MS * 1000000L};

	pthread_cond_wait(&w->changed, &w->lock);
	if (w->closing)
		return;
	pthread_mutex_unlock(&w->lock);
	nanosleep(&burst, NULL);
	pthread_mutex_lock(&w->lock);
}

/* owed counts dropped lines that no line has told of yet. */
static void *run(void *ctx)
{
	struct writer *w = ctx;
	uint64_t owed = 0;
	bool torn = false;

	pthread_mutex_lock(&w->lock);
	while (!w->closing || !list_empty(&w->lines) || w->lost > 0) {
		struct line *line = take_first(w);
		uint64_t lost = take_lost(w, line);

		if (line == NULL && lost == 0) {
			wait_for_lines(w);
			continue;
		}
		w->writing = true;
		pthread_mutex_unlock(&w->lock);
		owed += lost;
		if (owed > 0 && tell(w, owed, &torn))
			owed = 0;
		lost = line != NULL && !write_line(w->fd, line->bytes, line->len, &torn) ? 1 : 0;
		owed += lost;
		free(line);
		pthread_mutex_lock(&w->lock);
		w->writing = false;
		w->dropped += lost;
	}
	w->ended = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* --- the others --- */

/* The thread takes no signals, which are the loop's. */
static bool begin(struct writer *w)
{
	sigset_t all, before;
	bool begun;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	begun = pthread_create(&w->thread, NULL, run, w) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return begun;
}

static void release(struct writer *w)
{
	struct line *line;

	while ((line = take_first(w)) != NULL)
		free(line);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Waiting must not depend on the wall clock, which others set. */
static void init_changed(struct writer *w)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct writer *writer_open(int fd, void (*tell_lost)(struct buf *line, uint64_t lost))
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->fd = fd;
	w->tell = tell_lost;
	list_init(&w->lines);
	pthread_mutex_init(&w->lock, NULL);
	init_changed(w);
	if (begin(w))
		return w;
	release(w);
	return NULL;
}

void writer_put(struct writer *w, const char *bytes, size_t len)
{
	struct line *line = xmalloc(sizeof(*line) + len);

	*line = (struct line){.len = len};
	memcpy(line->bytes, bytes, len);
	pthread_mutex_lock(&w->lock);
	if (w->bytes + len > WRITER_BYTES_MAX) {
		w->lost++;
		w->dropped++;
		free(line);
	} else {
		line->lost = w->lost;
		w->lost = 0;
		w->bytes += len;
		if (list_empty(&w->lines))
			pthread_cond_broadcast(&w->changed);
		list_append(&w->lines, &line->link);
	}
	pthread_mutex_unlock(&w->lock);
}

uint64_t writer_dropped(struct writer *w)
{
	uint64_t dropped;

	pthread_mutex_lock(&w->lock);
	dropped = w->dropped;
	pthread_mutex_unlock(&w->lock);
	return dropped;
}

/* The signal may have interrupted the holder of the lock. Then the writer counts as busy. */
static bool is_idle(struct writer *w)
{
	bool idle;

	if (pthread_mutex_trylock(&w->lock) != 0)
		return false;
	idle = list_empty(&w->lines) && w->lost == 0 && !w->writing;
	pthread_mutex_unlock(&w->lock);
	return idle;
}

void writer_wait(struct writer *w, int patience_ms)
{
	static const struct timespec pause = {.tv_nsec = 1000000};

	for (; patience_ms > 0 && !is_idle(w); patience_ms--)
		nanosleep(&pause, NULL);
}

/* Called with the lock. */
static bool ends_within(struct writer *w, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (ms % 1000) * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (!w->ended && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
		;
	return w->ended;
}

/* If the file has room, the thread does not hang in it, but waits for a busy processor. */
static bool has_room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && p.revents == POLLOUT;
}

bool writer_close(struct writer *w, int patience_ms)
{
	int rounds = WRITER_CLOSE_ROUNDS;
	bool ended;

	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_broadcast(&w->changed);
	do
		ended = ends_within(w, patience_ms);
	while (!ended && --rounds > 0 && has_room(w->fd));
	w->closing = ended;
	pthread_mutex_unlock(&w->lock);
	if (ended) {
		pthread_join(w->thread, NULL);
		release(w);
	}
	return ended;
}
