/* SPDX-License-Identifier: PostgreSQL */
#include "base/log_line.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"

const char *const log_level_names[LOG_LEVELS] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};
/* Of syslog(3). sd-daemon(3) says how a line begins with it. */
static const int level_priorities[] = {
	[LOG_ERROR] = 3, [LOG_WARN] = 4, [LOG_INFO] = 6, [LOG_DEBUG] = 7};

/* These are the control characters of ASCII, and U+0080 to U+009F. Some terminals obey U+009B. */
static bool is_control(const unsigned char *at)
{
	return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

static void append_text(struct buf *line, const unsigned char *at, size_t len)
{
	size_t step;

	for (; len > 0; at += step, len -= step) {
		step = utf8_len(at, len);
		if (step > 0 && !is_control(at)) {
			buf_append(line, at, step);
			continue;
		}
		/* The rest of a character is not one either, so its bytes come here one by one. */
		step = 1;
		buf_appendf(line, "\\x%02x", *at);
	}
}

/* buf_append_json would not do. It trusts its input to be UTF-8, and a log gets what clients
 * sent. */
static void append_json(struct buf *line, const unsigned char *at, size_t len)
{
	size_t step;

	for (; len > 0; at += step, len -= step) {
		step = utf8_len(at, len);
		if (*at == '"' || *at == '\\') {
			buf_appendf(line, "\\%c", *at);
		} else if (step == 0 || *at < 0x20 || *at == 0x7f) {
			buf_appendf(line, "\\u%04x", *at);
			step = 1;
		} else {
			buf_append(line, at, step);
		}
	}
}

static void append_time(struct buf *line)
{
	int64_t now_ms = clock_wall_ms();
	time_t seconds = (time_t)(now_ms / 1000);
	char text[32];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	buf_appendf(line, "%s.%03dZ", text, (int)(now_ms % 1000));
}

static void append_fields(struct buf *line, const struct log_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_appendf(line, ",\"%s\":", fields[i].name);
		if (fields[i].text == NULL) {
			buf_appendf(line, "%" PRId64, fields[i].number);
			continue;
		}
		buf_append_char(line, '"');
		append_json(line, (const unsigned char *)fields[i].text, strlen(fields[i].text));
		buf_append_char(line, '"');
	}
}

void log_line_append(struct buf *line, const struct log_line *what)
{
	const unsigned char *bytes = (const unsigned char *)what->message;
	size_t len = strlen(what->message);

	if (what->to_journal)
		buf_appendf(line, "<%d>", level_priorities[what->level]);
	if (what->as_json) {
		buf_append_str(line, "{\"time\":\"");
		append_time(line);
		buf_appendf(line, "\",\"level\":\"%s\",\"message\":\"",
			    log_level_names[what->level]);
		append_json(line, bytes, len);
		buf_append_char(line, '"');
		append_fields(line, what->fields, what->field_count);
		buf_append_str(line, "}\n");
	} else {
		append_time(line);
		buf_appendf(line, " %-5s ", log_level_names[what->level]);
		append_text(line, bytes, len);
		buf_append_char(line, '\n');
	}
}
