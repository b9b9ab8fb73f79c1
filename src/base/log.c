/* SPDX-License-Identifier: PostgreSQL */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log_line.h"
#include "base/writer.h"

/* A longer message is cut. Part of it may come from a client, which must not fill the disk. */
#define MESSAGE_MAX 4096

static enum log_level log_max_level = LOG_INFO;
/* The writer's thread reads these, too. */
static atomic_bool log_as_json, log_to_journal;
static bool log_is_set_up;        /* log_complain writes to the log from then on */
static struct writer *log_writer; /* NULL if the caller writes, and waits for the file */

static void append_line(struct buf *line, enum log_level level, const char *message,
			const struct log_field *fields, size_t count)
{
	log_line_append(line, &(struct log_line){.level = level,
						 .message = message,
						 .fields = fields,
						 .field_count = count,
						 .as_json = log_as_json,
						 .to_journal = log_to_journal});
}

/* One write for each line keeps the lines of several processes apart. Nobody can be told of
 * errors. */
static void write_line(const struct buf *line)
{
	ssize_t wrote;

	if (log_writer != NULL) {
		writer_put(log_writer, line->data, line->len);
		return;
	}
	do
		wrote = write(STDERR_FILENO, line->data, line->len);
	while (wrote == -1 && errno == EINTR);
}

static void put_line(enum log_level level, const char *message, const struct log_field *fields,
		     size_t count)
{
	int saved_errno = errno;
	struct buf line;

	buf_init(&line);
	append_line(&line, level, message, fields, count);
	write_line(&line);
	buf_release(&line);
	errno = saved_errno;
}

static void log_message(enum log_level level, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static void log_message(enum log_level level, const char *fmt, va_list args)
{
	static const char cut_mark[] = "...";
	char message[MESSAGE_MAX + sizeof(cut_mark)];
	int saved_errno = errno;
	int len;

	if (!log_enabled(level))
		return;
	len = vsnprintf(message, MESSAGE_MAX + 1, fmt, args);
	if (len > MESSAGE_MAX)
		memcpy(message + MESSAGE_MAX, cut_mark, sizeof(cut_mark));
	put_line(level, len >= 0 ? message : fmt, NULL, 0);
	errno = saved_errno;
}

/* The writer's thread calls this. */
static void tell_lost(struct buf *line, uint64_t lost)
{
	char message[160];

	snprintf(
		message, sizeof(message),
		"%" PRIu64
		" lines of the log were dropped here: nobody read it, or its disk was full or slow",
		lost);
	append_line(line, LOG_WARN, message, NULL, 0);
}

/* Runs when an assertion failed or memory ran out. The lines that explain it are still on their
 * way. abort() goes on after this. */
static void on_abort(int signo)
{
	(void)signo;
	if (log_writer != NULL)
		writer_wait(log_writer, LOG_PATIENCE_MS);
}

/* Is stderr what systemd has connected with its journal (systemd.exec(5), JOURNAL_STREAM)? */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == (dev_t)device &&
	       st.st_ino == (ino_t)inode;
}

void log_detach(void)
{
	log_to_journal = is_journal();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	log_writer = writer_open(STDERR_FILENO, tell_lost);
	(void)signal(SIGABRT, on_abort);
	if (log_writer == NULL)
		log_warn("no thread can be made for the log: this program waits for whoever reads "
			 "it");
}

void log_flush(void)
{
	if (log_writer != NULL && writer_close(log_writer, LOG_PATIENCE_MS))
		log_writer = NULL;
}

/*
 * A fork of a program with two threads may do next to nothing: whatever lock the other one held is
 * held for ever (POSIX, fork). So there is one thread then, or the other one hangs in the file and
 * holds nothing.
 */
pid_t log_fork(void)
{
	pid_t pid;

	log_flush();
	pid = fork();
	if (pid == 0)
		log_writer = NULL; /* one that hangs is the parent's */
	if (log_writer == NULL)
		log_detach();
	return pid;
}

uint64_t log_dropped(void)
{
	return log_writer == NULL ? 0 : writer_dropped(log_writer);
}

void log_setup(enum log_level level, bool json)
{
	log_max_level = level;
	log_as_json = json;
	log_is_set_up = true;
}

bool log_level_parse(const char *name, enum log_level *ret_level)
{
	for (size_t level = 0; level < LOG_LEVELS; level++) {
		if (strcmp(name, log_level_names[level]) == 0) {
			*ret_level = (enum log_level)level;
			return true;
		}
	}
	return false;
}

bool log_enabled(enum log_level level)
{
	return level <= log_max_level;
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_message(LOG_ERROR, fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_message(LOG_WARN, fmt, args);
	va_end(args);
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_message(LOG_INFO, fmt, args);
	va_end(args);
}

void log_debug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_message(LOG_DEBUG, fmt, args);
	va_end(args);
}

void log_record(enum log_level level, const char *words, const struct log_field *fields,
		size_t count, const char *fmt, ...)
{
	va_list args;

	if (log_as_json && log_enabled(level)) {
		put_line(level, words, fields, count);
		return;
	}
	va_start(args, fmt);
	log_message(level, fmt, args);
	va_end(args);
}

void die(int status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_message(LOG_ERROR, fmt, args);
	va_end(args);
	log_flush();
	exit(status);
}

static void say_to_terminal(const char *fmt, va_list args) PRINTF_LIKE(1, 0);
static void say_to_terminal(const char *fmt, va_list args)
{
	char message[MESSAGE_MAX];
	struct buf line;

	vsnprintf(message, sizeof(message), fmt, args);
	buf_init(&line);
	buf_appendf(&line, "pgherald: %s\n", message);
	write_line(&line);
	buf_release(&line);
}

void log_complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (log_is_set_up)
		log_message(LOG_ERROR, fmt, args);
	else
		say_to_terminal(fmt, args);
	va_end(args);
}
